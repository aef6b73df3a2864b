import { invalidField } from '@strongroom/errors/common-errors';
import { OrNull, Type } from '@strongroom/schema/types';

/*
 * What a client states of a secret beside its content (contract 5.3, 5.4). Clients send most of it always, with the
 * values that they read or with zeros; these are taken. A wish for something that is not done here is refused, since a
 * secret would look protected in a way in which it is not.
 */

const FLAGS = [
  'autoChangeEnabled',
  'changePasswordNow',
  'checkOutChangePasswordEnabled',
  'checkOutEnabled',
  'proxyEnabled',
  'requiresComment',
  'sessionRecordingEnabled',
  'webLauncherRequiresIncognitoMode',
] as const;

/** Ids of what there is none of. */
const NUMBERS = [
  'accessRequestWorkflowMapId',
  'launcherConnectAsSecretId',
  'passwordTypeWebScriptId',
  'secretPolicyId',
] as const;

/** Everything is at the one site that there is. */
const SITE = 1;

type Flags = Partial<Record<(typeof FLAGS)[number], boolean | null | undefined>>;
type Numbers = Partial<Record<(typeof NUMBERS)[number], number | null | undefined>>;
export type StatedSettings = Flags & Numbers & { readonly siteId?: number | null | undefined };

export const settingsInput = {
  ...(Object.fromEntries(FLAGS.map(name => [name, OrNull(Type.Boolean())])) as Record<
    (typeof FLAGS)[number],
    ReturnType<typeof OrNull<ReturnType<typeof Type.Boolean>>>
  >),
  ...(Object.fromEntries(NUMBERS.map(name => [name, OrNull(Type.Integer())])) as Record<
    (typeof NUMBERS)[number],
    ReturnType<typeof OrNull<ReturnType<typeof Type.Integer>>>
  >),
  siteId: OrNull(Type.Integer()),
};

export function requireServable(stated: StatedSettings): void {
  const wish =
    FLAGS.find(name => stated[name] === true) ??
    NUMBERS.find(name => (stated[name] ?? 0) > 0) ??
    ((stated.siteId ?? 0) > SITE ? 'siteId' : undefined);
  if (wish !== undefined) throw invalidField(wish, `${wish} is not supported for this secret`);
}
