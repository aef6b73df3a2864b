import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { evaluateWhitelist, requireValidPatterns, type WhitelistType } from './whitelist.ts';

const allowed = (type: WhitelistType, patterns: string[], commands: string[]) =>
  evaluateWhitelist({ type, patterns }, commands).commands.map(result => result.allowed);

const statuses = (type: WhitelistType, patterns: string[]) =>
  evaluateWhitelist({ type, patterns }, []).patterns.map(({ status }) => status);

test("PrivX's own example of a whitelist for one service", () => {
  const patterns = [
    '^ls( [^<>]*)?$',
    '^systemctl (status|start|stop|restart) nginx$',
    '^(cat|more|zmore|tail|tail -f) /var/log/nginx/[^/<>]*$',
  ];
  const yes = [
    'ls -al /etc/nginx',
    'systemctl stop nginx',
    'systemctl status nginx',
    'more /var/log/nginx/access.log',
  ];
  const no = [
    'ls > .bashrc',
    'systemctl start foo',
    'cat /etc/nginx/foo > /etc/sudoers',
    'cat /etc/nginx/../../root/.ssh/*',
  ];
  expect(allowed('regex', patterns, [...yes, ...no])).toEqual([
    ...yes.map(() => true),
    ...no.map(() => false),
  ]);
});

describe('globs', () => {
  test.each<[pattern: string, command: string, isAllowed: boolean]>([
    ['ls -la', 'ls -la', true],
    ['ls -la', 'ls -la x', false],
    ['ls', 'als', false],
    ['systemctl status *', 'systemctl status nginx.service', true],
    ['systemctl status *', 'systemctl stop nginx', false],
    ['cat *', 'cat /etc/shadow', false],
    ['cat **', 'cat /etc/shadow', true],
    ['**', 'anything /at/all', true],
    ['id ?', 'id x', true],
    ['id ?', 'id /', false],
    ['id ?', 'id 👩', true],
    ['tail [a-c].log', 'tail b.log', true],
    ['tail [a-c].log', 'tail d.log', false],
    ['tail [!a-c]', 'tail d', true],
    ['tail [!a-c]', 'tail /', false],
    ['{cat,more} x', 'more x', true],
    ['{cat,more} x', 'less x', false],
    ['echo \\*', 'echo x', false],
    ['a,b', 'a,b', true],
  ])('%s on %s: %s', (pattern, command, isAllowed) => {
    expect(allowed('glob', [pattern], [command])).toEqual([isAllowed]);
  });

  test.each(['[a', '{a', '{a,b', 'a}', 'a]', 'a\\', '[z-a]', '{'.repeat(21) + '}'.repeat(21)])(
    '%s is none',
    pattern => {
      expect(statuses('glob', ['ls', pattern])).toEqual(['OK', 'INVALID_GLOB_PATTERN']);
    },
  );

  /** The plain recursive definition, for texts that are short. */
  function naive(pattern: string, text: string): boolean {
    if (pattern === '') return text === '';
    if (pattern.startsWith('**')) {
      return naive(pattern.slice(2), text) || (text !== '' && naive(pattern, text.slice(1)));
    }
    if (pattern.startsWith('*')) {
      return (
        naive(pattern.slice(1), text) ||
        (text !== '' && !text.startsWith('/') && naive(pattern, text.slice(1)))
      );
    }
    if (text === '') return false;
    const fits = pattern.startsWith('?') ? !text.startsWith('/') : text.startsWith(pattern.charAt(0));
    return fits && naive(pattern.slice(1), text.slice(1));
  }

  test('match what their definition says', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '?', '*', '**'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (glob, command) => {
        expect(allowed('glob', [glob], [command])).toEqual([naive(glob, command)]);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('regular expressions', () => {
  test('match what the same RegExp matches', () => {
    const { tree } = fc.letrec<{ tree: string; atom: string }>(tie => ({
      atom: fc.oneof(
        fc.constantFrom(
          'a',
          'b',
          '-',
          '.',
          '[ab]',
          '[^a]',
          '\\w',
          '\\W',
          '\\d',
          '^',
          '$',
          '\\b',
          '\\B',
          '\\.',
          '[a-c-]',
        ),
        fc.tuple(fc.constantFrom('(', '(?:'), tie('tree')).map(([open, inner]) => `${open}${inner})`),
      ),
      tree: fc
        .array(
          fc.tuple(
            tie('atom'),
            fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '*?', '|'),
          ),
          { maxLength: 4 },
        )
        // An assertion cannot be repeated in both dialects.
        .map(parts =>
          parts
            .map(([atom, by]) => (/^(?:\^|\$|\\[bB])$/.test(atom) && by !== '|' ? atom : atom + by))
            .join(''),
        ),
    }));
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', 'c', '-', '.', '1'),
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(tree, text, (pattern, command) => {
        expect(allowed('regex', [pattern], [command])).toEqual([new RegExp(pattern, 'u').test(command)]);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each<[pattern: string, command: string, isAllowed: boolean]>([
    ['^git .*', 'git add src/x', true],
    ['^git .*', 'xgit add', false],
    ['log$', 'cat log', true],
    ['^[[:alpha:]]+[[:space:]][[:digit:]]+$', 'kill 77', true],
    ['^[^[:digit:]]+$', 'kill 77', false],
    ['\\Aid\\z', 'id', true],
  ])('%s on %s: %s', (pattern, command, isAllowed) => {
    expect(allowed('regex', [pattern], [command])).toEqual([isAllowed]);
  });

  test.each([
    '(',
    ')',
    '[',
    '[z-a]',
    'a**',
    '*a',
    'a{2,1}',
    'a{1001}',
    'a{,2}',
    '(a)\\1',
    '\\p{L}',
    '(?=a)',
    '(?i)a',
    '[[:nothing:]]',
    '\\',
    '((a{100}){100}){100}',
    '((){1000}){1000}',
    '('.repeat(101) + ')'.repeat(101),
  ])('%s is none', pattern => {
    expect(statuses('regex', [pattern])).toEqual(['INVALID_REGEX_PATTERN']);
  });

  test('those that ruin a backtracking matcher take a step for each character and state', () => {
    const command = `${'a'.repeat(4_000)}!`;
    expect(allowed('regex', ['^(a+)+$', '^(a|a)*$', '^(a*)*b'], [command])).toEqual([false]);
  });
});

test('more work than a request may make is refused', () => {
  const patterns = Array.from({ length: 100 }, () => '(a?){200}b');
  expect(() => evaluateWhitelist({ type: 'regex', patterns }, ['a'.repeat(4_000)])).toThrow('too much');
});

describe('a line of several commands', () => {
  test.each<[line: string, isAllowed: boolean]>([
    ['ls', true],
    ['ls; ls -l', true],
    ['ls && rm -rf x', false],
    ['ls | sh', false],
    ['ls & rm x', false],
    ['ls\nrm x', false],
    ['ls   -l # ; rm x', true],
    ['ls "a; rm x"', true],
    ["ls 'a; rm x'", true],
    ['ls a\\; rm x', true],
    ['ls -l 2>&1', true],
    ['ls $(rm x)', false],
    ['ls `rm x`', false],
    ['ls "$(rm x)"', false],
    ['(ls)', false],
    ['if ls; then ls; fi', false],
    ["ls $'\\'' ; rm x ; '", false],
    ['ls <<E', false],
    ['ls "a', false],
    ["ls 'a", false],
    ['ls \\', false],
    ['', false],
    [' ; ', false],
  ])('%j: %s', (line, isAllowed) => {
    expect(allowed('regex', ['^ls( |$)'], [line])).toEqual([isAllowed]);
  });

  test('is allowed when each is, by whichever pattern', () => {
    expect(allowed('glob', ['ls', 'id'], ['ls; id', 'ls; who'])).toEqual([true, false]);
  });
});

test('each pattern that cannot be read is named, and not repeated', () => {
  const patterns = ['ls', '[plum', 'id', '{plum'];
  let thrown: unknown;
  try {
    requireValidPatterns({ type: 'glob', patterns });
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({
    kind: 'invalid',
    details: [{ property: 'whitelist_patterns.1' }, { property: 'whitelist_patterns.3' }],
  });
  expect(JSON.stringify(thrown)).not.toContain('plum');
});
