import { isWord } from './regex.ts';
import { PatternError, type Assertion, type CharacterSet, type Pattern } from './syntax.ts';

type Step =
  | { kind: 'character'; isIn: CharacterSet }
  | { kind: 'assertion'; at: Assertion }
  | { kind: 'jump'; to: number[] }
  | { kind: 'match' };

/** A pattern as a machine that is in many states at once (Thompson): it never goes back in the text. */
export type Automaton = readonly Step[];

/** A repetition with bounds is written out as often as it says, so sizes multiply. */
const MAX_STEPS = 2_000;

export function compile(pattern: Pattern): Automaton {
  const steps: Step[] = [];
  let work = 0;

  function emit(part: Pattern): void {
    work += 1;
    if (work > MAX_STEPS * 2 || steps.length > MAX_STEPS) throw new PatternError();
    if (part.kind === 'character' || part.kind === 'assertion') steps.push(part);
    else if (part.kind === 'sequence') part.parts.forEach(emit);
    else if (part.kind === 'either') emitEither(part.options);
    else emitRepeat(part.part, part.min, part.max);
  }

  function jump(): { kind: 'jump'; to: number[] } {
    const step = { kind: 'jump' as const, to: [] };
    steps.push(step);
    return step;
  }

  function emitEither(options: readonly Pattern[]): void {
    const fork = jump();
    const ends = options.map(option => {
      fork.to.push(steps.length);
      emit(option);
      return jump();
    });
    for (const end of ends) end.to.push(steps.length);
  }

  function emitRepeat(part: Pattern, min: number, max: number): void {
    for (let count = 0; count < min; count += 1) emit(part);
    if (max === Infinity) {
      const start = steps.length;
      const fork = jump();
      fork.to.push(steps.length);
      emit(part);
      jump().to.push(start);
      fork.to.push(steps.length);
      return;
    }
    const forks = Array.from({ length: max - min }, () => {
      const fork = jump();
      fork.to.push(steps.length);
      emit(part);
      return fork;
    });
    for (const fork of forks) fork.to.push(steps.length);
  }

  emit(pattern);
  steps.push({ kind: 'match' });
  return steps;
}

/** How much may be done for one request; `spend` throws when it is used up. */
export interface Budget {
  spend: (steps: number) => void;
}

/** Whether the pattern occurs in the text. Takes at most the product of both sizes. */
export function matches(automaton: Automaton, text: string, budget: Budget): boolean {
  const characters = Array.from(text, each => each.codePointAt(0) ?? 0);
  let states = new Set<number>();
  for (let place = 0; place <= characters.length; place += 1) {
    // It may begin at any place: what is anchored to the start fails there at once.
    const reached = closure(automaton, [...states, 0], characters, place);
    budget.spend(reached.size + 1);
    states = new Set();
    for (const state of reached) {
      const step = automaton[state];
      if (step?.kind === 'match') return true;
      const next = characters[place];
      if (step?.kind === 'character' && next !== undefined && step.isIn(next)) states.add(state + 1);
    }
  }
  return false;
}

/** All states that are reached without taking a character. */
function closure(
  automaton: Automaton,
  from: readonly number[],
  characters: readonly number[],
  place: number,
): Set<number> {
  const reached = new Set<number>();
  const waiting = [...from];
  for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
    if (reached.has(state)) continue;
    reached.add(state);
    const step = automaton[state];
    if (step?.kind === 'jump') waiting.push(...step.to);
    else if (step?.kind === 'assertion' && holds(step.at, characters, place)) waiting.push(state + 1);
  }
  return reached;
}

function holds(at: Assertion, characters: readonly number[], place: number): boolean {
  if (at === 'start') return place === 0;
  if (at === 'end') return place === characters.length;
  const isWordAt = (index: number) => {
    const found = characters[index];
    return found !== undefined && isWord(found);
  };
  return (isWordAt(place - 1) !== isWordAt(place)) === (at === 'word boundary');
}
