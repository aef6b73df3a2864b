import { Members, Type, type Static } from '@strongroom/schema/types';
import type { User } from '../domain/user.ts';
import type { TotpSetup } from '../operations/second-factor-setup.ts';

/**
 * The `mfa` member of the user object (contract 4.2). The seed is shown when an app is set up and never again,
 * so there is no `seed`. `status` is that of the authenticator app.
 */
export const mfaView = (user: SecondFactorsOfUser) => ({
  user_mfa_status:
    user.mfaRequired || user.totpConfirmedAt !== null || user.hasPasskeys ? 'ENABLED' : 'DISABLED',
  status: totpStatus(user),
  mobile_mfa_status: 'DISABLED',
});

type SecondFactorsOfUser = Pick<User, 'mfaRequired' | 'totpConfirmedAt' | 'hasPasskeys'>;

function totpStatus(user: SecondFactorsOfUser): 'ENABLED' | 'PENDING' | 'DISABLED' {
  if (user.totpConfirmedAt !== null) return 'ENABLED';
  return user.mfaRequired && !user.hasPasskeys ? 'PENDING' : 'DISABLED';
}

export const TotpSetupView = Members({
  seed_string: Type.String({ description: 'Base 32' }),
  otpauth_uri: Type.String(),
  seed_qr_code: Type.String({ description: 'PNG as a data URL' }),
});

/** Shown once, when an authenticator app is set up. */
export const totpSetupView = ({ seed, uri, qrCode }: TotpSetup): Static<typeof TotpSetupView> => ({
  seed_string: seed,
  otpauth_uri: uri,
  seed_qr_code: qrCode,
});
