import type { Fidelity } from '../../../src/protocols/fidelity.ts';
import { DIALECT_ROUTES, PROTOCOLS } from '../../../src/protocols/index.ts';
import { TEXT_DIALECTS } from '../../support/text-requests.ts';
import type { TextDialect } from '../../support/text-requests.ts';
import { TEXT_PROTOCOLS } from '../cells.ts';
import type { TextProtocol } from '../cells.ts';

function declared(fidelity: Fidelity | undefined, half: string): Fidelity {
  if (fidelity === undefined) throw new Error(`${half} carries text and declares nothing`);
  return fidelity;
}

/** What each text dialect declares. */
export const DIALECTS_OF_TEXT = Object.fromEntries(
  TEXT_DIALECTS.map((id) => {
    const route = DIALECT_ROUTES.find(({ dialect }) => dialect.id === id);
    return [id, declared(route?.dialect.fidelity, `the dialect ${id}`)];
  }),
) as Record<TextDialect, Fidelity>;

/** What each text protocol declares. */
export const PROTOCOLS_OF_TEXT = Object.fromEntries(
  TEXT_PROTOCOLS.map((id) => [id, declared(PROTOCOLS[id].fidelity, `the protocol ${id}`)]),
) as Record<TextProtocol, Fidelity>;
