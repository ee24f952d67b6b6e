import type { FeatureOf } from '../../../src/protocols/fidelity.ts';
import type { Body } from './values.ts';

/** What can be asked. */
export type Asked = FeatureOf<'asked'>;

/** How clients of a dialect ask for each feature; what the dialect has no notion of is not there. */
export interface Asks {
  readonly path: (model: string, stream: boolean) => string;
  /** The plainest request. */
  readonly base: (model: string, stream: boolean) => Body;
  /** Top-level keys that ask for a feature, over those of the plainest request. */
  readonly asks: Readonly<Partial<Record<Asked, Body>>>;
}
