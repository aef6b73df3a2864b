import { matchesFilter, parseFilter, type Attributes } from './ldap-filter.ts';
import type { SourceRule } from './role.ts';

/** Whom the source rules of a role give it to (contract 4.1). What is not understood gives it to nobody. */

export interface Person {
  readonly sourceId: string;
  readonly attributes: Attributes;
}

export type RuleTest = (person: Person) => boolean;

const MAX_RULES = 1_000;

const nobody: RuleTest = () => false;

/** Filters are read once, so that many people can be tested. */
export function compileRules(rule: SourceRule): RuleTest {
  if (rule.type === 'RULE') return compileRule(rule);
  const inner = (rule.rules ?? []).map(compileRules);
  // An empty group is no condition that all fulfil, but one that nobody has stated.
  if (rule.type !== 'GROUP' || inner.length === 0) return nobody;
  return rule.match === 'ANY'
    ? person => inner.some(test => test(person))
    : person => inner.every(test => test(person));
}

/** A rule without a filter would give the role to a whole directory: that takes `(cn=*)`. */
function compileRule(rule: SourceRule): RuleTest {
  const sourceId = (rule.source ?? '').toLowerCase();
  const filter = parseFilter(rule.search_string ?? '');
  if (filter === undefined || sourceId === '') return nobody;
  return person => person.sourceId === sourceId && matchesFilter(filter, person.attributes);
}

/** The sources that the rules name: nobody of another one gets the role. */
export function sourcesOf(rule: SourceRule): string[] {
  const own = rule.type === 'RULE' && rule.source ? [rule.source.toLowerCase()] : [];
  return [...new Set([...own, ...(rule.rules ?? []).flatMap(sourcesOf)])];
}

export const hasTooManyRules = (rule: SourceRule): boolean => countRules(rule) > MAX_RULES;

const countRules = (rule: SourceRule): number =>
  (rule.rules ?? []).reduce((sum, inner) => sum + countRules(inner), 1);
