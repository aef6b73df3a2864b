import { Line, Members, OrNull, Timestamp, Type, Uuid, type Static } from '@strongroom/schema/types';
import { MAX_PASSWORD_LENGTH, type GivenPolicy, type PasswordPolicy } from '../domain/password-policy.ts';
import { toRotationWindow, windowView, type RotationWindow } from '../domain/rotation-window.ts';
import { NameInput, checkedName } from './name.ts';

/** The password policy on the wire (contract 3.1). */

const Duration = OrNull(Line(64));
const Flag = OrNull(Type.Boolean());
/** Zero passes: Go's SDK sends it for what is not set. */
const Count = (maximum: number) => OrNull(Type.Integer({ minimum: 0, maximum }));

/** Ours alone: by the clocks of a place, `to` before `from` is on the day after. */
const Window = Members({ from: Line(5), to: Line(5), time_zone: Line(64) });

export const PasswordPolicyBody = Members({
  name: NameInput,
  rotation_interval: Duration,
  password_min_length: Count(MAX_PASSWORD_LENGTH),
  password_max_length: Count(MAX_PASSWORD_LENGTH),
  use_special_characters: Flag,
  use_lower_case: Flag,
  use_upper_case: Flag,
  use_numbers: Flag,
  max_versions: Count(1_000),
  number_of_retries: Count(100),
  retry_interval: Duration,
  max_concurrent_checkouts: Count(10_000),
  max_checkout_duration: Duration,
  rotate_on_release: Flag,
  verify_after_rotation: Flag,
  delete_version_after: OrNull(Line(64)),
  fallback_to_previous: Flag,
  rotation_window: OrNull(Window),
});

export const PasswordPolicyView = Members({
  id: Uuid,
  number: Type.Integer({ description: 'Ours alone: what Secrets Safe calls the id of a password rule' }),
  name: Type.String(),
  rotation_interval: Type.String({ description: 'ISO 8601 or Go duration, as it was given' }),
  password_min_length: Type.Integer(),
  password_max_length: Type.Integer(),
  use_special_characters: Type.Boolean(),
  use_lower_case: Type.Boolean(),
  use_upper_case: Type.Boolean(),
  use_numbers: Type.Boolean(),
  max_versions: Type.Integer(),
  number_of_retries: Type.Integer(),
  retry_interval: Type.String(),
  max_concurrent_checkouts: Type.Integer(),
  max_checkout_duration: Type.String(),
  rotate_on_release: Type.Boolean(),
  verify_after_rotation: Type.Boolean(),
  delete_version_after: Type.Optional(Type.String()),
  fallback_to_previous: Type.Optional(Type.Boolean()),
  rotation_window: Type.Optional(Window),
  created: Timestamp,
  created_by: Type.String(),
  updated: Timestamp,
  updated_by: Type.String(),
});

/** Empty text and null read like an absent member: Go's SDK sends every member. */
const textOf = (value: string | null | undefined) => (value === null || value === '' ? undefined : value);
/** So does 0, where nothing could mean it. */
const countOf = (value: number | null | undefined) => (value === null || value === 0 ? undefined : value);

export const toGivenPolicy = (body: Static<typeof PasswordPolicyBody>): GivenPolicy => ({
  name: checkedName(body.name),
  rotationInterval: textOf(body.rotation_interval),
  passwordMinLength: countOf(body.password_min_length),
  passwordMaxLength: countOf(body.password_max_length),
  useSpecialCharacters: body.use_special_characters ?? undefined,
  useLowerCase: body.use_lower_case ?? undefined,
  useUpperCase: body.use_upper_case ?? undefined,
  useNumbers: body.use_numbers ?? undefined,
  maxVersions: countOf(body.max_versions),
  numberOfRetries: body.number_of_retries ?? undefined,
  retryInterval: textOf(body.retry_interval),
  maxConcurrentCheckouts: countOf(body.max_concurrent_checkouts),
  maxCheckoutDuration: textOf(body.max_checkout_duration),
  rotateOnRelease: body.rotate_on_release ?? undefined,
  verifyAfterRotation: body.verify_after_rotation ?? undefined,
  deleteVersionAfter: textOf(body.delete_version_after),
  fallbackToPrevious: body.fallback_to_previous ?? undefined,
});

/** Undefined: it stays, since PrivX's clients do not know it and send a policy back without. Null: there is none. */
export const toGivenWindow = ({
  rotation_window: given,
}: Static<typeof PasswordPolicyBody>): RotationWindow | null | undefined =>
  given === undefined || given === null ? given : toRotationWindow(given);

export const passwordPolicyView = (policy: PasswordPolicy): Static<typeof PasswordPolicyView> => ({
  id: policy.id,
  number: policy.number,
  name: policy.name,
  rotation_interval: policy.rotationInterval,
  password_min_length: policy.passwordMinLength,
  password_max_length: policy.passwordMaxLength,
  use_special_characters: policy.useSpecialCharacters,
  use_lower_case: policy.useLowerCase,
  use_upper_case: policy.useUpperCase,
  use_numbers: policy.useNumbers,
  max_versions: policy.maxVersions,
  number_of_retries: policy.numberOfRetries,
  retry_interval: policy.retryInterval,
  max_concurrent_checkouts: policy.maxConcurrentCheckouts,
  max_checkout_duration: policy.maxCheckoutDuration,
  rotate_on_release: policy.rotateOnRelease,
  verify_after_rotation: policy.verifyAfterRotation,
  ...(policy.deleteVersionAfter === null ? {} : { delete_version_after: policy.deleteVersionAfter }),
  ...(policy.fallbackToPrevious === null ? {} : { fallback_to_previous: policy.fallbackToPrevious }),
  ...(policy.rotationWindow === null ? {} : { rotation_window: windowView(policy.rotationWindow) }),
  created: policy.createdAt.toISOString(),
  created_by: policy.createdBy,
  updated: policy.updatedAt.toISOString(),
  updated_by: policy.updatedBy,
});
