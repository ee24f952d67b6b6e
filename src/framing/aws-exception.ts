import type { Frame } from './frame.ts';

/** HTTP status and kind of the error that a name stands for, written without its suffix and in small letters. */
const MEANINGS: ReadonlyMap<string, readonly [status: number, type: string]> = new Map([
  ['throttling', [429, 'rate_limit_error']],
  ['toomanyrequests', [429, 'rate_limit_error']],
  ['servicequotaexceeded', [429, 'rate_limit_error']],
  ['validation', [400, 'invalid_request_error']],
  ['accessdenied', [403, 'permission_error']],
  ['expiredtoken', [403, 'permission_error']],
  ['unrecognizedclient', [403, 'permission_error']],
  ['resourcenotfound', [404, 'not_found_error']],
  ['modeltimeout', [504, 'timeout_error']],
  ['modelnotready', [503, 'overloaded_error']],
  ['serviceunavailable', [503, 'overloaded_error']],
]);
const UNKNOWN = [502, 'api_error'] as const;

/**
 * The frame that tells of an exception: event `error`, and an error object with the HTTP status that the service would have answered with, had it
 * known in time, and the exception's name as `code`.
 * @param payload JSON with `message`, or nothing that is known
 */
export function exceptionFrame(name: string, payload: string, message?: string): Frame {
  const [status, type] = meaningOf(name);
  const said = message ?? messageIn(payload) ?? `The upstream reported ${name === '' ? 'an exception' : name}.`;
  return {
    event: 'error',
    data: JSON.stringify({ type: 'error', error: { type, message: said, code: name, status } }),
  };
}

/** HTTP status and kind of error of an exception by its name, with or without its namespace and suffix. */
export function meaningOf(name: string): readonly [status: number, type: string] {
  const plain = /(?:^|[#/])(\w+?)(?:Exception|Error)?(?::.*)?$/i.exec(name)?.[1] ?? name;
  return MEANINGS.get(plain.toLowerCase()) ?? UNKNOWN;
}

/** The value of a key, where there is an object that has it. */
export function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined;
}

function messageIn(payload: string): string | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    const said = [fieldOf(value, 'message') ?? fieldOf(value, 'Message'), fieldOf(value, 'originalMessage')];
    // What the model itself said of its failure often says more than what the service makes of it.
    const parts = said.filter((part) => typeof part === 'string' && part !== '');
    return parts.length === 0 ? undefined : [...new Set(parts)].join(' ');
  } catch {
    return undefined;
  }
}
