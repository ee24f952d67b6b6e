import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formBoundary, MalformedForm, MultipartReader } from '../../src/framing/multipart-reader.ts';
import type { PartHead } from '../../src/framing/multipart-reader.ts';
import { formHead, formTail } from '../../src/framing/multipart-writer.ts';

const BOUNDARY = '----b0undary';

interface Part {
  readonly head: PartHead;
  readonly body: Buffer;
}

function read(pieces: readonly Uint8Array[], boundary = BOUNDARY): Part[] {
  const parts: Part[] = [];
  let open: { head: PartHead; data: Uint8Array[] } | undefined;
  const reader = new MultipartReader(boundary, {
    begin: (head) => (open = { head, data: [] }),
    data: (bytes) => open?.data.push(Buffer.from(bytes)),
    end: () => open !== undefined && parts.push({ head: open.head, body: Buffer.concat(open.data) }),
  });
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return parts;
}

function readText(text: string): Part[] {
  return read([Buffer.from(text.replaceAll('\n', '\r\n'))]);
}

function disposition(line: string): PartHead | undefined {
  return readText(`--${BOUNDARY}\nContent-Disposition: ${line}\n\nx\n--${BOUNDARY}--`)[0]?.head;
}

const nearBoundary = fc
  .array(
    fc.constantFrom('\r', '\n', '\r\n', '\r\n-', '\r\n--', '--', BOUNDARY.slice(0, 5), '\r\n----', 'é', '\0', 'x'),
    { maxLength: 20 },
  )
  .map((parts) => Buffer.from(parts.join('')));
const field = fc.tuple(
  fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => !/["\\\0\r\n]/.test(name)),
  nearBoundary.map(String),
);

describe('reading what was written', () => {
  test('TR-01 TR-02 any fields and any file come back the same, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(field), nearBoundary, fc.array(field), fc.array(fc.nat()), (early, file, late, cuts) => {
        const head = formHead(BOUNDARY, early, {
          field: 'file',
          name: 'café.wav',
          contentType: 'audio/wav; rate=16000',
        });
        const bytes = Buffer.concat([head, file, formTail(BOUNDARY, late)]);
        const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
        const parts = read(edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge)));
        const fields = (list: readonly (readonly [string, string])[]): Part[] =>
          list.map(([name, value]) => ({ head: { name }, body: Buffer.from(value) }));
        const middle = {
          head: { name: 'file', filename: 'café.wav', contentType: 'audio/wav; rate=16000' },
          body: file,
        };
        expect(parts).toEqual([...fields(early), middle, ...fields(late)]);
        expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(parts);
      }),
      { numRuns: 300 },
    );
  });

  test('names cannot break out of their header lines', () => {
    const evil = 'a"; x="\r\nX-Evil: 1\r\n\r\n';
    const head = formHead(BOUNDARY, [[evil, 'v']], {
      field: 'file',
      name: evil,
      contentType: 'audio/wav\r\nX-Evil: 1',
    });
    const text = Buffer.from(head).toString();
    expect(text).not.toMatch(/^X-Evil/m);
    const [first, second] = read([head, formTail(BOUNDARY, [])]);
    expect(first?.head).toEqual({ name: 'a%22; x=%22%0D%0AX-Evil: 1%0D%0A%0D%0A' });
    expect(second?.head.contentType).toBe('audio/wavX-Evil: 1');
  });

  test('a browser is of the same mind about the bytes', async () => {
    const form = new FormData();
    form.append('model', 'm"1\r\n');
    form.append('file', new File([Uint8Array.of(0, 13, 10, 255)], 'é "x".wav', { type: 'audio/wav' }));
    form.append('stream', 'true');
    const response = new Response(form);
    const boundary = formBoundary(response.headers.get('content-type') ?? '') ?? '';
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(read([bytes], boundary)).toEqual([
      { head: { name: 'model' }, body: Buffer.from('m"1\r\n') },
      { head: { name: 'file', filename: 'é %22x%22.wav', contentType: 'audio/wav' }, body: Buffer.of(0, 13, 10, 255) },
      { head: { name: 'stream' }, body: Buffer.from('true') },
    ]);
    const ours = Buffer.concat([
      formHead(boundary, [['model', 'm"1\r\n']], { field: 'file', name: 'é "x".wav', contentType: 'audio/wav' }),
      Buffer.of(0, 13, 10, 255),
      formTail(boundary, [['stream', 'true']]),
    ]);
    expect(ours.toString('latin1')).toBe(Buffer.from(bytes).toString('latin1'));
  });
});

describe('what clients write', () => {
  test.each<[string, PartHead]>([
    ['form-data; name=file; filename=a.wav', { name: 'file', filename: 'a.wav' }],
    ['form-data;name="file";filename="a;b=\\"c\\".wav"', { name: 'file', filename: 'a;b="c".wav' }],
    ['form-data; name="file"; filename="C:\\dir\\a.wav"', { name: 'file', filename: 'C:\\dir\\a.wav' }],
    ['form-data; name="file"; filename*=utf-8\'\'caf%C3%A9.wav', { name: 'file', filename: 'café.wav' }],
    ['form-data; name="file"; filename="x"; filename*=utf-8\'\'%ff', { name: 'file', filename: 'x' }],
    ['form-data; NAME="é"', { name: 'é' }],
    ['form-data;\n  name="file"', { name: 'file' }],
  ])('%j', (line, head) => {
    expect(disposition(line)).toEqual(head);
  });

  test('preamble, epilogue, padding after the boundary and empty parts', () => {
    const text = `preamble\n--${BOUNDARY} \t\ncontent-disposition: form-data; name="a"\n\n\n--${BOUNDARY}\nX: y\nContent-Disposition: form-data; name="b"\n\n1\n--${BOUNDARY}--\nepilogue\n--${BOUNDARY}\n`;
    expect(readText(text)).toEqual([
      { head: { name: 'a' }, body: Buffer.of() },
      { head: { name: 'b' }, body: Buffer.from('1') },
    ]);
  });
});

describe('what is no form', () => {
  const part = 'Content-Disposition: form-data; name="a"';
  test.each([
    ['', 'holds no part'],
    ['{"model":"m"}', 'holds no part'],
    [`--${BOUNDARY}\n${part}\n\nx`, 'stops before'],
    [`--${BOUNDARY}\n${part}\n\nx\n--${BOUNDARY}\n`, 'stops before'],
    [`--${BOUNDARY}x\n`, 'goes on after it'],
    [`--${BOUNDARY}${' '.repeat(100)}`, 'goes on after it'],
    [`--${BOUNDARY}\n\nx\n--${BOUNDARY}--`, 'no name'],
    [`--${BOUNDARY}\nX: ${'x'.repeat(9000)}`, 'longer than 8192'],
    [`--${BOUNDARY}\n${part}\0\n\nx`, 'control character'],
  ])('%j is refused', (text, message) => {
    expect(() => readText(text)).toThrow(MalformedForm);
    expect(() => readText(text)).toThrow(message);
  });

  test('TR-01 a boundary is 1 to 70 characters long', () => {
    const sink = { begin: () => {}, data: () => {}, end: () => {} };
    expect(() => new MultipartReader('x'.repeat(70), sink)).not.toThrow();
    expect(() => new MultipartReader('x'.repeat(71), sink)).toThrow('70');
    expect(() => new MultipartReader('', sink)).toThrow('empty');
  });
});
