import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MASK, settlePassphrases } from './passphrases.ts';

const principals = fc.array(
  fc.record(
    {
      principal: fc.constantFrom('root', 'admin', ''),
      passphrase: fc.string().filter(text => text !== MASK),
      rotate: fc.boolean(),
    },
    { requiredKeys: ['rotate'] },
  ),
);

describe('passphrases', () => {
  test('are masked where there is one, and nowhere else', () => {
    fc.assert(
      fc.property(principals, given => {
        const settled = settlePassphrases(given);
        expect(settled.passphrases).toEqual(given.map(({ passphrase = '' }) => passphrase));
        expect(settled.principals.map(({ passphrase }) => passphrase)).toEqual(
          given.map(({ passphrase }) => (passphrase ? MASK : passphrase)),
        );
      }),
    );
  });

  test('stay when what was read is sent back', () => {
    fc.assert(
      fc.property(principals, given => {
        const first = settlePassphrases(given);
        expect(settlePassphrases(first.principals, first)).toEqual(first);
      }),
    );
  });

  test('follow their principals through a change of order', () => {
    const before = settlePassphrases([
      { principal: 'root', passphrase: 'one' },
      { principal: 'admin', passphrase: 'two' },
      { principal: 'root', passphrase: 'three' },
    ]);
    const [first, second, third] = before.principals;
    const after = settlePassphrases(
      [second, first, third].map(each => each ?? {}),
      before,
    );
    expect(after.passphrases).toEqual(['two', 'one', 'three']);
  });

  test('a mask that stands for nothing is refused', () => {
    const before = settlePassphrases([{ principal: 'root', passphrase: 'one' }, { principal: 'none' }]);
    for (const principal of ['other', 'none']) {
      expect(() => settlePassphrases([{ principal, passphrase: MASK }], before)).toThrow('The mask');
    }
    expect(() => settlePassphrases([{ principal: 'root', passphrase: MASK }])).toThrow('The mask');
  });
});
