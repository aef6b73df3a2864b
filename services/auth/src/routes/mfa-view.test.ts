import { expect, test } from '@jest/globals';
import { mfaView } from './mfa-view.ts';

const confirmed = new Date();

test.each([
  [false, null, false, 'DISABLED', 'DISABLED'],
  [true, null, false, 'ENABLED', 'PENDING'],
  [false, confirmed, false, 'ENABLED', 'ENABLED'],
  [true, confirmed, true, 'ENABLED', 'ENABLED'],
  [true, null, true, 'ENABLED', 'DISABLED'],
  [false, null, true, 'ENABLED', 'DISABLED'],
])('demanded %p, app %p, passkeys %p', (mfaRequired, totpConfirmedAt, hasPasskeys, whole, app) => {
  expect(mfaView({ mfaRequired, totpConfirmedAt, hasPasskeys })).toEqual({
    user_mfa_status: whole,
    status: app,
    mobile_mfa_status: 'DISABLED',
  });
});
