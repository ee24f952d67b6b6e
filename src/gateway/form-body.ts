import { Readable } from 'node:stream';
import { formHead, formTail } from '../framing/multipart-writer.ts';
import type { Payload } from './receive.ts';
import { randomId } from './run-ids.ts';

type FormPayload = Extract<Payload, { kind: 'form' }>;
type Field = readonly [name: string, value: string];

const PART_END: Uint8Array = Buffer.from('\r\n');

/** The form that goes upstream: fields, the client's files as they arrive, then the fields that came behind the first. Never held whole. */
export function formBody(
  payload: FormPayload,
  fields: readonly Field[],
): { readonly contentType: string; readonly stream: Readable } {
  const boundary = `streamweir-${randomId()}`;
  const stream = Readable.from(pieces(boundary, payload, fields), { objectMode: false });
  // A generator that was never started never gets to the files.
  stream.once('close', () => payload.files.destroy());
  // Whoever sends the form hears of a failed upload; when nobody does any more, it must not end the process.
  stream.on('error', () => undefined);
  return { contentType: `multipart/form-data; boundary=${boundary}`, stream };
}

async function* pieces(
  boundary: string,
  { files, late }: FormPayload,
  fields: readonly Field[],
): AsyncGenerator<Uint8Array> {
  let before = fields;
  for await (const file of files) {
    if (file !== files.first) yield PART_END;
    yield formHead(boundary, before, file);
    before = [];
    yield* file.stream as AsyncIterable<Uint8Array>;
  }
  const all = (await late) ?? {};
  const behind = Object.entries(all).flatMap(([name, value]): Field[] => {
    const values = Array.isArray(value) ? value : [value];
    const sent = fields.filter(([known]) => known === name).length;
    // Only a list may go on behind a file; of anything else the value before it is the one that was acted on.
    const rest = sent > 0 && !name.endsWith('[]') ? [] : values.slice(sent);
    return rest.map((one): Field => [name, String(one)]);
  });
  yield formTail(boundary, behind);
}
