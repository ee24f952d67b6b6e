/** The file of a form, as its part names it. */
interface FormFile {
  /** Name of the form field: `file`. */
  readonly field: string;
  readonly name: string;
  readonly contentType: string;
}

/** The bytes of a `multipart/form-data` body up to the file's first byte: the fields, then the head of the file's part. */
export function formHead(
  boundary: string,
  fields: readonly (readonly [name: string, value: string])[],
  file: FormFile,
): Uint8Array {
  // A line end or other control character in the type would begin a header of the sender's own.
  const type = file.contentType.replaceAll(/[^\x20-\x7e]/g, '') || 'application/octet-stream';
  const disposition = `form-data; name="${escapeName(file.field)}"; filename="${escapeName(file.name)}"`;
  return Buffer.from(
    `${fieldParts(boundary, fields)}--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${type}\r\n\r\n`,
  );
}

/** The bytes after the file's last byte: the end of its part, the fields that come after it, and the end of the body. */
export function formTail(boundary: string, fields: readonly (readonly [name: string, value: string])[]): Uint8Array {
  return Buffer.from(`\r\n${fieldParts(boundary, fields)}--${boundary}--\r\n`);
}

function fieldParts(boundary: string, fields: readonly (readonly [name: string, value: string])[]): string {
  return fields
    .map(
      ([name, value]) =>
        `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name)}"\r\n\r\n${value}\r\n`,
    )
    .join('');
}

/** The three escapes browsers make in names and file names; everything else goes as UTF-8. */
function escapeName(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
