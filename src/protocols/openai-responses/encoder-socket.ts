import { onlyAllowedTools } from './encoder-allowed-tools.ts';
import { ResponsesEncoder } from './encoder.ts';
import { responsesError } from './errors.ts';
import { errorStatus } from '../../model/errors.ts';
import type { GatewayError } from '../../model/errors.ts';
import type { Encoder, Reply, StreamForm, Write } from '../codec.ts';

/** How a turn on a WebSocket is told: nothing stands between messages, and errors are messages. */
export const SOCKET: StreamForm = { contentType: '', tellsErrors: true };

const BEFORE = '\ndata: ';
const BEHIND = '\n\n'.length;

/**
 * Writes the events of a response as the messages of a WebSocket: the same objects, one in each (OR-75). A failure is told by its terminal
 * event alone, because a client takes whatever follows that for the answer to its next turn (OR-80).
 */
export function socketEncoder(write: Write, reply: Reply): Encoder {
  const options = { ...reply.options, responsesDoneMarker: false };
  const inner = new ResponsesEncoder((chunk) => write(messageOf(chunk)), { ...reply, options }, false);
  const push = onlyAllowedTools(reply.request, (event) => inner.push(event));
  return {
    push,
    get lost() {
      return inner.lost;
    },
    get kept() {
      return inner.kept;
    },
  };
}

function messageOf(frame: string | Uint8Array): string {
  const text = String(frame);
  return text.slice(text.indexOf(BEFORE) + BEFORE.length, -BEHIND);
}

/** The message that tells of an error before a response began (OR-79). */
export function socketError(error: GatewayError): { readonly status: number; readonly body: string } {
  const status = errorStatus(error);
  return { status, body: JSON.stringify({ type: 'error', status, error: responsesError(error) }) };
}
