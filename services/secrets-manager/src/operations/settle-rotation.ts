import type { SecretsManagerContext } from '../context.ts';
import type { Rotation } from '../domain/rotation.ts';
import { TargetError } from '../targets/target-error.ts';
import type { Limits, Proof, Target } from '../targets/target.ts';
import { readCandidate } from './candidate.ts';
import { readCurrentPassword } from './current-password.ts';
import { faultOf, type Fault } from './finish-rotation.ts';

/** `neither`: the host refused both. `unknown`: it did not say. */
export type Settlement =
  | { readonly has: 'candidate'; readonly password: string }
  | { readonly has: 'current' }
  | { readonly has: 'neither' | 'unknown'; readonly fault: Fault };

/** Which of two passwords the account has: tries both, the candidate first. Changes nothing. */
export async function settle(
  ctx: SecretsManagerContext,
  rotation: Rotation,
  target: Target,
  limits: Limits,
): Promise<Settlement> {
  const { account } = rotation;
  const candidate = await readCandidate(ctx, rotation);
  const { password: current } = await readCurrentPassword(ctx, rotation);
  const proves = async (password: string): Promise<Proof | TargetError> => {
    try {
      return await target.proves(account, password, limits);
    } catch (error) {
      if (error instanceof TargetError) return error;
      throw error;
    }
  };
  const ofCandidate = candidate === undefined ? 'refused' : await proves(candidate);
  if (candidate !== undefined && ofCandidate === 'opens') return { has: 'candidate', password: candidate };
  // Whoever never knew the current one has lost nothing: another account sets the password.
  if (current === undefined && ofCandidate === 'refused') return { has: 'current' };
  // Also when nothing was said about the candidate: there are hosts that refuse by silence, and one password opens.
  const ofCurrent = current === undefined ? 'refused' : await proves(current);
  // A directory may take a password that was replaced for an hour more: of itself that one opens says nothing there.
  const mayLinger = rotation.system === 'domain' && ofCandidate !== 'refused';
  if (ofCurrent === 'opens' && !mayLinger) return { has: 'current' };
  const silence = [ofCandidate, ofCurrent].find(proof => proof instanceof TargetError);
  return silence === undefined
    ? { has: 'neither', fault: faultOf('the host refuses the new password and the one before') }
    : { has: 'unknown', fault: targetFault(silence) };
}

/** The details may show what a script wrote, less what may repeat a password. */
export function targetFault({ message, details }: TargetError): Fault {
  const { code, exitStatus, output } = details;
  const told = [code, exitStatus === undefined ? undefined : `exit status ${exitStatus}`].filter(
    part => part !== undefined,
  );
  const where = told.length === 0 ? '' : ` (${told.join(', ')})`;
  const shown = output === undefined || output === '' ? '' : `: ${output}`;
  return { reason: message, details: `${message}${where}${shown}` };
}
