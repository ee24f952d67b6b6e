import type { MediaBlock } from '../model/block.ts';

const TYPES: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  opus: 'audio/ogg',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  aac: 'audio/aac',
  m4a: 'audio/mp4',
  webm: 'audio/webm',
  pcm: 'audio/pcm',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  txt: 'text/plain',
};

const USUAL: Record<MediaBlock['media'], string> = {
  image: 'image/*',
  audio: 'audio/wav',
  video: 'video/mp4',
  document: 'application/pdf',
};

/** The media type of a block, as well as it is known. */
export function mediaType({ source, format, media }: MediaBlock): string {
  if (source.type === 'base64' && source.mimeType !== undefined) return source.mimeType;
  const known = format === undefined ? undefined : TYPES[format.toLowerCase()];
  return known ?? (format?.includes('/') === true ? format : USUAL[media]);
}

/** The media type of a sound in an encoding format. */
export function soundType(format: string): string {
  return TYPES[format.toLowerCase()] ?? 'audio/mpeg';
}

/** Whether the patterns that a model names hold this URL; one without any takes content only. */
export function takesUrl(supported: unknown, mediaTypeName: string, url: string): boolean {
  if (typeof supported !== 'object' || supported === null) return false;
  const family = mediaTypeName.split('/', 1)[0] ?? '';
  return Object.entries(supported as Readonly<Record<string, unknown>>).some(([type, patterns]) => {
    const fits = type === '*' || type === '*/*' || type === mediaTypeName || type === `${family}/*`;
    return fits && Array.isArray(patterns) && patterns.some((each) => each instanceof RegExp && each.test(url));
  });
}
