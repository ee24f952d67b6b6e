import fc from 'fast-check';
import type { Frame } from '../../src/framing/frame.ts';
import type { Request } from '../../src/model/request.ts';
import type { Protocol } from '../../src/protocols/codec.ts';
import { decoded, streamOf } from './exchange.ts';

type Mutation = (frames: readonly Frame[]) => readonly Frame[];

const place = fc.nat({ max: 1000 });

function at(frames: readonly Frame[], where: number, change: (frame: Frame) => readonly Frame[]): readonly Frame[] {
  const index = where % frames.length;
  return frames.flatMap((frame, each) => (each === index ? change(frame) : [frame]));
}

/** Replaces the value of one key, at any depth, of a JSON payload; what an earlier mutation broke stays as it is. */
function withValue(data: string, where: number, value: unknown): string {
  const total = (data.match(/":/g) ?? []).length;
  let seen = 0;
  try {
    return JSON.stringify(JSON.parse(data), (key, old: unknown) =>
      key !== '' && seen++ === where % total ? value : old,
    );
  } catch {
    return data;
  }
}

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  place.map(
    (where): Mutation =>
      (frames) =>
        at(frames, where, () => []),
  ),
  place.map(
    (where): Mutation =>
      (frames) =>
        at(frames, where, (frame) => [frame, frame]),
  ),
  place.map(
    (where): Mutation =>
      (frames) =>
        at(frames, where, (frame) => [{ data: '[DONE]' }, frame]),
  ),
  fc.tuple(place, place).map(
    ([where, cut]): Mutation =>
      (frames) =>
        at(frames, where, (frame) => [{ ...frame, data: frame.data.slice(0, cut % frame.data.length) }]),
  ),
  fc.tuple(place, fc.json()).map(
    ([where, data]): Mutation =>
      (frames) =>
        at(frames, where, (frame) => [{ ...frame, data }, frame]),
  ),
  fc.tuple(place, place, fc.jsonValue()).map(
    ([where, key, value]): Mutation =>
      (frames) =>
        at(frames, where, (frame) => [{ ...frame, data: withValue(frame.data, key, value) }]),
  ),
  place.map(
    (where): Mutation =>
      (frames) =>
        frames.toReversed().slice(where % frames.length),
  ),
);

/**
 * Any few mutations of frames must still give well-formed events (the harness checks them) with exactly one end, the last event.
 * Returns the smallest counterexample as text, or undefined when there is none.
 */
export function faultUnderMutation(protocol: Protocol, request: Request, frames: readonly Frame[]): string | undefined {
  const survives = fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (changes) => {
    const mutated = changes.reduce((list, change) => (list.length === 0 ? list : change(list)), frames);
    const ends = decoded(protocol, request, streamOf(mutated)).map(({ type }) => type === 'finish' || type === 'error');
    return ends.indexOf(true) === ends.length - 1 && ends.at(-1) === true;
  });
  return fc.defaultReportMessage(fc.check(survives, { numRuns: 1000 }));
}
