import { generateSecret, generateURI, verifySync } from 'otplib';
import { parseTotpCode } from '../domain/one-time-code.ts';

/** RFC 6238 as every authenticator app knows it: SHA-1, six digits, steps of 30 s, a seed of 160 bits. */
const SEED_BYTES = 20;
const STEP_SECONDS = 30;
const FORM = { algorithm: 'sha1', digits: 6, period: STEP_SECONDS } as const;

/** In base 32. */
export const makeTotpSeed = (): string => generateSecret({ length: SEED_BYTES });

/** The key URI that apps read from a QR code. A colon would end the issuer early. */
export const totpUri = (issuer: string, username: string, seed: string): string =>
  generateURI({
    ...FORM,
    issuer: `Strongroom ${new URL(issuer).hostname}`.replaceAll(':', ' '),
    label: username.replaceAll(':', ' '),
    secret: seed,
  });

/**
 * The time step whose code was typed: the present one, or one beside it for clocks that differ and people who
 * type slowly. Undefined: none of the three.
 */
export function matchTotpStep(seed: string, code: string, now: Date): number | undefined {
  const token = parseTotpCode(code);
  if (token === undefined) return undefined;
  const epoch = Math.floor(now.getTime() / 1_000);
  const result = verifySync({ ...FORM, secret: seed, token, epoch, epochTolerance: STEP_SECONDS });
  return result.valid ? Math.floor(epoch / STEP_SECONDS) + result.delta : undefined;
}
