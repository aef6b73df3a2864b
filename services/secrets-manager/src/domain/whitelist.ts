import { invalidField, invalidFields } from '@strongroom/errors/common-errors';
import type { Authored } from './authored.ts';
import { compile, matches, type Automaton, type Budget } from './patterns/automaton.ts';
import { parseGlob } from './patterns/glob.ts';
import { parseRegex } from './patterns/regex.ts';
import { PatternError } from './patterns/syntax.ts';
import { simpleCommands } from './shell-commands.ts';

export const WHITELIST_TYPES = ['glob', 'regex'] as const;
export type WhitelistType = (typeof WHITELIST_TYPES)[number];

export interface WhitelistSettings {
  readonly name: string;
  readonly comment: string;
  readonly type: WhitelistType;
  /** In the order sent. */
  readonly patterns: readonly string[];
}

export type Whitelist = WhitelistSettings & Authored;

export type PatternStatus = 'OK' | 'INVALID_GLOB_PATTERN' | 'INVALID_REGEX_PATTERN';

const INVALID = { glob: 'INVALID_GLOB_PATTERN', regex: 'INVALID_REGEX_PATTERN' } as const;

/** Undefined: it cannot be read, or is too large. Never the platform's own RegExp, which goes back and forth. */
function readPattern(type: WhitelistType, pattern: string): Automaton | undefined {
  try {
    return compile(type === 'glob' ? parseGlob(pattern) : parseRegex(pattern));
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}

export function requireValidPatterns({ type, patterns }: Pick<WhitelistSettings, 'type' | 'patterns'>): void {
  const faults = patterns.flatMap((pattern, index) =>
    readPattern(type, pattern) === undefined
      ? [
          {
            code: 'VALUE_INCORRECT_FORMAT',
            message: `whitelist_patterns.${index} is not a valid ${type}`,
            property: `whitelist_patterns.${index}`,
          },
        ]
      : [],
  );
  const [first, ...rest] = faults;
  if (first !== undefined) throw invalidFields([first, ...rest.slice(0, 19)]);
}

export interface Evaluation {
  readonly patterns: readonly { readonly pattern: string; readonly status: PatternStatus }[];
  readonly commands: readonly { readonly command: string; readonly allowed: boolean }[];
}

/** In steps of the automata: a tenth of a second or so. */
const MAX_WORK = 2_000_000;

/**
 * Which commands the whitelist allows: those of which every simple command matches a pattern. A line that cannot be
 * taken apart is not allowed.
 */
export function evaluateWhitelist(
  { type, patterns }: Pick<WhitelistSettings, 'type' | 'patterns'>,
  lines: readonly string[],
): Evaluation {
  const budget = budgetOf(MAX_WORK);
  const commandsOf = lines.map(simpleCommands);
  const open = new Set(commandsOf.flatMap(commands => commands ?? []));
  const results = patterns.map(pattern => {
    const automaton = readPattern(type, pattern);
    if (automaton === undefined) return { pattern, status: INVALID[type] };
    for (const command of open) if (matches(automaton, command, budget)) open.delete(command);
    return { pattern, status: 'OK' as const };
  });
  return {
    patterns: results,
    commands: lines.map((command, index) => {
      const commands = commandsOf[index] ?? [];
      return { command, allowed: commands.length > 0 && commands.every(each => !open.has(each)) };
    }),
  };
}

function budgetOf(steps: number): Budget {
  let left = steps;
  return {
    spend(spent) {
      left -= spent;
      if (left >= 0) return;
      throw invalidField(
        'commands',
        'commands and patterns are too much to evaluate at once',
        'VALUE_OUT_OF_BOUNDS',
      );
    },
  };
}
