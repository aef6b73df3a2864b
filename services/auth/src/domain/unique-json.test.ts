import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseUniqueJson } from './unique-json.ts';

test.each([
  '{"a":1,"a":2}',
  '{"a":1,"b":{"c":[{"d":1,"d":1}]}}',
  '{"a":1,"\\u0061":2}',
  '{ "a" : {} , "b" : [ ] , "a" : 1 }',
  '{"__proto__":1,"__proto__":2}',
])('a member named twice: %s', text => expect(parseUniqueJson(text)).toBeUndefined());

test.each(['{"a":{"a":{"a":1}}}', '[{"a":1},{"a":1}]', '{"a":"a\\":{","b":"a"}', '{"a":["a","a"]}', '"a"'])(
  'none named twice: %s',
  text => expect(parseUniqueJson(text)).toEqual(JSON.parse(text)),
);

test.each(['', '{', '{"a":1,}', "{'a':1}", 'undefined'])('not JSON: %j', text =>
  expect(parseUniqueJson(text)).toBeUndefined(),
);

test('agrees with JSON.parse wherever no name is doubled, and refuses wherever one is', () => {
  fc.assert(fc.property(fc.json(), text => expect(parseUniqueJson(text)).toEqual(JSON.parse(text))));
  const member = fc.tuple(fc.string(), fc.jsonValue());
  fc.assert(
    fc.property(fc.array(member), member, fc.nat(), (members, [name, value], place) => {
      const texts = members.map(([key, content]) => `${JSON.stringify(key)}:${JSON.stringify(content)}`);
      const twin = `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
      texts.splice(place % (texts.length + 1), 0, twin);
      texts.push(twin);
      expect(parseUniqueJson(`{${texts.join(',')}}`)).toBeUndefined();
    }),
  );
});
