import { Line, Members, Name, OrNull, Text, Timestamp, Type, type Static } from '@strongroom/schema/types';
import type { User } from '../domain/user.ts';
import type { LocalUserInput } from '../operations/local-users.ts';

/** The local user on the wire (contract 5.1). */

/** A new password. Its length is the policy's business; this bounds what is looked at. */
export const Password = Line(1_024);

const LINES = [
  'windows_account',
  'unix_account',
  'full_name',
  'display_name',
  'first_name',
  'last_name',
  'job_title',
  'company',
  'department',
  'email',
  'telephone',
  'locale',
] as const;

const lines = <T>(type: T) =>
  Object.fromEntries(LINES.map(name => [name, type])) as Record<(typeof LINES)[number], T>;

const Attributes = (maxItems: number) =>
  Type.Array(Members({ key: Line(256, 1), value: Text(4_096) }), { maxItems });

export const LocalUserBody = Members({
  username: Name(256),
  comment: OrNull(Text(4_096)),
  ...lines(OrNull(Line(512))),
  tags: OrNull(Type.Array(Name(256), { maxItems: 100 })),
  attributes: OrNull(Attributes(100)),
  password: OrNull(Members({ password: OrNull(Password) })),
  password_change_required: OrNull(Type.Boolean()),
  disabled: OrNull(Type.Boolean({ description: 'Cannot sign in; absent: unchanged' })),
  application_account: OrNull(
    Type.Boolean({ description: 'Signs programs in, and never a person; stays what it was made' }),
  ),
});

export const LocalUserView = Members({
  id: Type.String(),
  username: Type.String(),
  comment: Type.String(),
  ...lines(Type.String()),
  tags: Type.Array(Type.String()),
  attributes: Attributes(100),
  password: Members({ created: Type.Optional(Timestamp) }, { description: 'Never the password itself' }),
  password_change_required: Type.Boolean(),
  disabled: Type.Boolean(),
  application_account: Type.Boolean(),
  created: Timestamp,
  author: Type.String(),
  updated: Timestamp,
  updated_by: Type.String(),
});

export function toLocalUserInput(body: Static<typeof LocalUserBody>): LocalUserInput {
  const { username, tags, password, password_change_required, disabled, application_account, ...document } =
    body;
  return {
    username,
    document,
    tags: tags ?? [],
    // Go's SDK sends an empty object, and may send an empty text, for "unchanged" (contract 5.1).
    password: password?.password === '' ? undefined : (password?.password ?? undefined),
    passwordChangeRequired: password_change_required ?? undefined,
    isDisabled: disabled ?? undefined,
    isApplication: application_account ?? undefined,
  };
}

export function localUserView(user: User): Static<typeof LocalUserView> {
  const document = user.document as Partial<Omit<Static<typeof LocalUserBody>, 'username'>>;
  return {
    id: user.id,
    username: user.username,
    comment: document.comment ?? '',
    ...(Object.fromEntries(LINES.map(name => [name, document[name] ?? ''])) as Record<
      (typeof LINES)[number],
      string
    >),
    tags: [...user.tags],
    attributes: document.attributes ?? [],
    password: user.passwordSetAt === null ? {} : { created: user.passwordSetAt.toISOString() },
    password_change_required: user.passwordChangeRequired,
    disabled: user.isDisabled,
    application_account: user.isApplication,
    created: user.createdAt.toISOString(),
    author: user.createdBy,
    updated: user.updatedAt.toISOString(),
    updated_by: user.updatedBy,
  };
}
