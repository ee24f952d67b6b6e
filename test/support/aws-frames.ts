import { crc32 } from 'node:zlib';

/** The value of a header; the key is the type it is written as. */
export type HeaderValue =
  | { readonly flag: boolean }
  | { readonly byte: number }
  | { readonly short: number }
  | { readonly integer: number }
  | { readonly long: bigint }
  | { readonly bytes: Uint8Array }
  | { readonly text: string }
  | { readonly time: bigint }
  | { readonly uuid: Uint8Array };

/** Headers in the order in which they are written. */
export type FrameHeaders = readonly (readonly [name: string, value: HeaderValue | string])[];

function numbered(type: number, size: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(1 + size);
  buffer[0] = type;
  write(buffer);
  return buffer;
}

function counted(type: number, content: Uint8Array): Buffer {
  return Buffer.concat([numbered(type, 2, (buffer) => buffer.writeUInt16BE(content.length, 1)), content]);
}

function valueBytes(value: HeaderValue | string): Buffer {
  if (typeof value === 'string') return counted(7, Buffer.from(value));
  if ('flag' in value) return Buffer.from([value.flag ? 0 : 1]);
  if ('byte' in value) return numbered(2, 1, (buffer) => buffer.writeInt8(value.byte, 1));
  if ('short' in value) return numbered(3, 2, (buffer) => buffer.writeInt16BE(value.short, 1));
  if ('integer' in value) return numbered(4, 4, (buffer) => buffer.writeInt32BE(value.integer, 1));
  if ('long' in value) return numbered(5, 8, (buffer) => buffer.writeBigInt64BE(value.long, 1));
  if ('bytes' in value) return counted(6, value.bytes);
  if ('text' in value) return counted(7, Buffer.from(value.text));
  if ('time' in value) return numbered(8, 8, (buffer) => buffer.writeBigInt64BE(value.time, 1));
  return Buffer.concat([Buffer.from([9]), value.uuid]);
}

/** Two lengths with their checksum, whatever they say. */
export function prelude(total: number, headers: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(total, 0);
  bytes.writeUInt32BE(headers, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  return bytes;
}

/** A message around a block of headers, whatever that holds; its checksums are right. */
export function messageAround(block: Uint8Array, payload: Uint8Array | string): Buffer {
  const content = Buffer.from(payload);
  const message = Buffer.concat([prelude(16 + block.length + content.length, block.length), block, content]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(message));
  return Buffer.concat([message, checksum]);
}

/** One message of an AWS event stream. */
export function awsMessage(headers: FrameHeaders, payload: Uint8Array | string): Buffer {
  const blocks = headers.map(([name, value]) => [
    Buffer.from([Buffer.byteLength(name)]),
    Buffer.from(name),
    valueBytes(value),
  ]);
  return messageAround(Buffer.concat(blocks.flat()), payload);
}

/** An event as the service writes it; `value` is its payload, as JSON or as text that is to be sent as it is. */
export function awsEvent(type: string, value: unknown): Buffer {
  return awsMessage(
    [
      [':event-type', type],
      [':content-type', 'application/json'],
      [':message-type', 'event'],
    ],
    typeof value === 'string' ? value : JSON.stringify(value),
  );
}

/** An exception as the service writes it into a stream. */
export function awsException(type: string, value: unknown): Buffer {
  return awsMessage(
    [
      [':exception-type', type],
      [':content-type', 'application/json'],
      [':message-type', 'exception'],
    ],
    JSON.stringify(value),
  );
}

/** An error that no exception models. */
export function awsError(code: string, message: string): Buffer {
  return awsMessage(
    [
      [':error-code', code],
      [':error-message', message],
      [':message-type', 'error'],
    ],
    '',
  );
}

/** A message of another format, wrapped as the service wraps it. */
export function awsChunk(value: unknown): Buffer {
  const inner = typeof value === 'string' ? value : JSON.stringify(value);
  return awsEvent('chunk', { bytes: Buffer.from(inner).toString('base64'), p: 'abcdefgh' });
}

/** Content type of the framing. */
export const AWS_TYPE: Readonly<Record<string, string>> = { 'content-type': 'application/vnd.amazon.eventstream' };

/** The stream that a fixture stands for: each line is an object whose one key is the event's name. */
export function awsEventsOf(lines: string): Buffer {
  const events = lines.split('\n').filter((line) => line !== '');
  return Buffer.concat(
    events.map((line) => {
      const match = /^\{"(\w+)":(.*)\}$/.exec(line);
      // The payload's own text counts, down to its escapes.
      return awsEvent(match?.[1] ?? '', match?.[2] ?? '');
    }),
  );
}
