import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_ROWS, parseRows, wantedOf } from './import-rows.ts';

const HEADER = 'url,username,password,name';
const wanted = (text: string) => parseRows(text).map(wantedOf);
const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;

describe('rows of an import', () => {
  test('are what was written, whatever it is', () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('a,b', '"', 'a\r\nb', "=1+1'", '\n', ' x '),
    );
    const row = fc.tuple(value, value, value, value);
    const end = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), end, end, (rows, first, other) => {
        const text = `${HEADER}${first}${rows.map(one => one.map(quoted).join(',') + other).join('')}`;
        const read = parseRows(text).map(({ fields }) => [...(fields?.values() ?? [])]);
        expect(read).toEqual(rows);
      }),
    );
  });

  test('have columns in any case and order, and others that are passed over', () => {
    const text = `\ufeffName, UserName ,PASSWORD,grouping,Url,Notes,Description,Type\r
t,u,p,g,https://a/,n,d,\r
`;
    const common = { Title: 't', Description: 'd', Notes: 'n', Urls: [{ Url: 'https://a/' }] };
    expect(wanted(text)).toEqual([{ type: 'Credential', body: { ...common, Username: 'u', Password: 'p' } }]);
  });

  test.each([
    [',u,p,t,', 'Credential'],
    [',,p,t,', 'Text'],
    [',u,p,t,CREDENTIAL', 'Credential'],
    [', ,p,t, text ', 'Text'],
  ])('%s is a %s', (row, type) => {
    expect(wanted(`${HEADER},type\n${row}`)).toMatchObject([{ type, body: { Title: 't', Urls: [] } }]);
  });

  test.each([',u,p,t,text', ',,p,t,credential', ',u,plum,t,plum', ',u,p', ',u,p,t,,more'])(
    '%s is refused, and what it holds is not told',
    row => {
      const [first] = parseRows(`${HEADER},type\n${row}`);
      const error = (() => {
        try {
          return first && wantedOf(first);
        } catch (fault) {
          return fault;
        }
      })();
      expect(error).toMatchObject({ kind: 'invalid' });
      expect(String(error)).not.toContain('plum');
    },
  );

  test('are known by the line on which they end', () => {
    const text = `${HEADER}\n\n,u,p,a\n,u,"p\nq",b\n\n,u,p,c`;
    expect(parseRows(text).map(({ lineNumber }) => lineNumber)).toEqual([3, 5, 7]);
  });

  test.each([
    ['nothing', ''],
    ['no columns', 'plum,plum\n'],
    ['a column too few', 'url,username,password\n'],
    ['a column twice', `${HEADER},Name\n`],
    ['a text without an end', `${HEADER}\n,u,"plum,t\n`],
    ['a quote in a text', `${HEADER}\n,u,plum"7,t\n`],
    ['too many rows', `${HEADER}\n${',u,p,t\n'.repeat(MAX_ROWS + 1)}`],
  ])('%s is refused, and told nothing of', (_what, text) => {
    const parse = () => parseRows(text);
    expect(parse).toThrow(expect.objectContaining({ kind: 'invalid' }));
    expect(parse).not.toThrow('plum');
  });

  test('as many as there may be', () => {
    expect(parseRows(`${HEADER}\n${',u,p,t\n'.repeat(MAX_ROWS)}`)).toHaveLength(MAX_ROWS);
  });
});
