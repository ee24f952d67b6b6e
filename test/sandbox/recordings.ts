/** Small recordings in every container that `ear` knows, built byte by byte from the formats' own descriptions. */

function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}

function le(value: number | bigint, bytes: number): Buffer {
  const out = Buffer.alloc(bytes);
  for (let index = 0, left = BigInt(value); index < bytes; index++, left >>= 8n) out[index] = Number(left & 255n);
  return out;
}

function be(value: number | bigint, bytes: number): Buffer {
  return Buffer.from(le(value, bytes).toReversed());
}

/** A WAV file; `dataSize` is what its header says. */
export function wav({
  seconds = 2,
  rate = 16_000,
  channels = 1,
  bits = 16,
  dataSize,
}: { seconds?: number; rate?: number; channels?: number; bits?: number; dataSize?: number } = {}): Buffer {
  const align = (channels * bits) / 8;
  const data = Buffer.alloc(seconds * rate * align);
  const format = Buffer.concat([
    le(1, 2),
    le(channels, 2),
    le(rate, 4),
    le(rate * align, 4),
    le(align, 2),
    le(bits, 2),
  ]);
  const odd = Buffer.concat([text('LIST'), le(3, 4), text('abc\0')]);
  return Buffer.concat([
    text('RIFF'),
    le(dataSize ?? data.length + 44, 4),
    text('WAVEfmt '),
    le(16, 4),
    format,
    odd,
    text('data'),
    le(dataSize ?? data.length, 4),
    data,
  ]);
}

/** MP3 frames of 44.1 kHz stereo, 128 or 64 kbit/s, behind an ID3 tag and an information frame. */
export function mp3({
  frames = 100,
  variable = false,
  id3 = true,
  info = true,
}: { frames?: number; variable?: boolean; id3?: boolean; info?: boolean } = {}): Buffer {
  const frame = (index: number): Buffer => {
    const slow = variable && index % 2 === 1;
    return Buffer.concat([Buffer.from([0xff, 0xfb, slow ? 0x50 : 0x90, 0x44]), Buffer.alloc((slow ? 208 : 417) - 4)]);
  };
  const xing = frame(0);
  xing.write('Xing', 36, 'latin1');
  const tag = Buffer.concat([text('ID3'), Buffer.from([4, 0, 0, 0, 0, 1, 0]), Buffer.alloc(128, 0xff)]);
  return Buffer.concat([
    ...(id3 ? [tag] : []),
    ...(info ? [xing] : []),
    ...Array.from({ length: frames }, (_, index) => frame(index)),
    text('TAG'),
    Buffer.alloc(125),
  ]);
}

/** An ADTS file: AAC of 44.1 kHz stereo. */
export function adts(frames = 43): Buffer {
  const length = 100;
  const head = Buffer.from([
    0xff,
    0xf1,
    0x50,
    0x80 | (length >> 11),
    (length >> 3) & 255,
    ((length & 7) << 5) | 0x1f,
    0xfc,
  ]);
  return Buffer.concat(Array.from({ length: frames }, () => Buffer.concat([head, Buffer.alloc(length - 7)])));
}

function box(type: string, ...body: readonly Buffer[]): Buffer {
  const inside = Buffer.concat(body);
  return Buffer.concat([be(inside.length + 8, 4), text(type), inside]);
}

/** An M4A file, with its `moov` behind the sound as recorders write it, or before. */
export function m4a({ moovFirst = false, long = false }: { moovFirst?: boolean; long?: boolean } = {}): Buffer {
  const times = (scale: number, duration: number): Buffer =>
    long
      ? Buffer.concat([be(1, 1), be(0, 19), be(scale, 4), be(duration, 8)])
      : Buffer.concat([be(0, 12), be(scale, 4), be(duration, 4)]);
  const entry = box('mp4a', be(0, 6), be(1, 2), be(0, 8), be(2, 2), be(16, 2), be(0, 4), be(44_100 * 65_536, 4));
  const table = box('minf', box('stbl', box('stsd', be(0, 4), be(1, 4), entry)));
  const track = box(
    'trak',
    box('mdia', box('mdhd', times(44_100, 66_150)), box('hdlr', be(0, 8), text('soun'), be(0, 12)), table),
  );
  const picture = box(
    'trak',
    box('mdia', box('mdhd', times(90_000, 900_000)), box('hdlr', be(0, 8), text('vide'), be(0, 12))),
  );
  const moov = box('moov', box('mvhd', times(1000, 10_000)), picture, track);
  const data = long
    ? Buffer.concat([be(1, 4), text('mdat'), be(5016, 8), Buffer.alloc(5000)])
    : box('mdat', Buffer.alloc(5000));
  return Buffer.concat([box('ftyp', text('M4A '), be(0, 4)), ...(moovFirst ? [moov, data] : [data, moov])]);
}

/** A FLAC file of 48 kHz, 24 bit, stereo. */
export function flac(samples = 120_000): Buffer {
  const packed = (48_000n << 44n) | (1n << 41n) | (23n << 36n) | BigInt(samples);
  return Buffer.concat([
    text('fLaC'),
    Buffer.from([0x80, 0, 0, 34]),
    be(0, 10),
    be(packed, 8),
    be(0, 16),
    Buffer.alloc(1000),
  ]);
}

/** An Ogg file of Opus or Vorbis, with a page of another stream in it. */
export function ogg(codec: 'opus' | 'vorbis'): Buffer {
  const page = (serial: number, granule: bigint, body: Buffer): Buffer =>
    Buffer.concat([
      text('OggS'),
      be(0, 2),
      le(granule, 8),
      le(serial, 4),
      be(0, 8),
      Buffer.from([1, body.length]),
      body,
    ]);
  const head =
    codec === 'opus'
      ? Buffer.concat([text('OpusHead'), Buffer.from([1, 1]), le(312, 2), le(16_000, 4), be(0, 3)])
      : Buffer.concat([text('\x01vorbis'), le(0, 4), Buffer.from([2]), le(44_100, 4), be(0, 14)]);
  const last = codec === 'opus' ? 72_312n : 66_150n;
  const none = 0xffff_ffff_ffff_ffffn;
  return Buffer.concat([
    page(7, 0n, head),
    page(7, last, Buffer.alloc(200)),
    page(9, 999_999_999n, Buffer.alloc(9)),
    page(7, none, Buffer.alloc(30)),
  ]);
}

/** A WebM file as a browser records it (sizes unknown, no duration), or with a duration in its head. */
export function webm(duration?: number): Buffer {
  const element = (id: string, body: Buffer): Buffer =>
    Buffer.concat([Buffer.from(id, 'hex'), be(0x4000 | body.length, 2), body]);
  const endless = (id: string): Buffer =>
    Buffer.concat([Buffer.from(id, 'hex'), Buffer.alloc(1, 0x01), Buffer.alloc(7, 0xff)]);
  const float = Buffer.alloc(8);
  float.writeDoubleBE(duration ?? 0);
  const rate = Buffer.alloc(4);
  rate.writeFloatBE(48_000);
  const info = element(
    '1549a966',
    Buffer.concat([element('2ad7b1', be(1_000_000, 3)), ...(duration === undefined ? [] : [element('4489', float)])]),
  );
  const audio = element('e1', Buffer.concat([element('b5', rate), element('9f', be(2, 1))]));
  const tracks = element('1654ae6b', element('ae', Buffer.concat([element('86', text('A_OPUS')), audio])));
  const block = (time: number): Buffer =>
    element('a3', Buffer.concat([Buffer.from([0x81]), be(time, 2), Buffer.alloc(40)]));
  const cluster = [endless('1f43b675'), element('e7', be(1000, 2)), block(0), block(480)];
  return Buffer.concat([
    element('1a45dfa3', element('4282', text('webm'))),
    endless('18538067'),
    info,
    tracks,
    ...cluster,
  ]);
}
