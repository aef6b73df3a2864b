import type { By } from '@strongroom/audit/change-on-record';
import { invalidField } from '@strongroom/errors/common-errors';
import type { Static } from '@strongroom/schema/types';
import type { AuthContext } from '../../context.ts';
import { readUserByNumber } from '../../operations/accounts.ts';
import { createLocalUser, updateLocalUser } from '../../operations/local-users.ts';
import { displayNameOf, emailOf } from '../../domain/user-names.ts';
import { LOCAL_DOMAIN, type ChangedUser, type NewUser } from './user-view.ts';

/** The id of a new user. What it asks for and cannot get is refused: nobody takes it for set up. */
export async function createUser(
  ctx: AuthContext,
  { caller, request }: By,
  body: Static<typeof NewUser>,
): Promise<string> {
  if ((body.domainId ?? LOCAL_DOMAIN) > 0) {
    throw invalidField('domainId', 'There are local users alone');
  }
  const factor = FACTORS.find(name => body[name] === true);
  if (factor !== undefined) {
    throw invalidField(factor, 'People set second factors up themselves, where they sign in');
  }
  return createLocalUser(ctx, caller, request, {
    username: body.userName,
    document: { display_name: body.displayName ?? '', email: body.emailAddress ?? '' },
    tags: [],
    password: body.password ?? undefined,
    passwordChangeRequired: undefined,
    isDisabled: body.enabled === false,
    isApplication: body.isApplicationAccount ?? undefined,
  });
}

const FACTORS = ['duoTwoFactor', 'fido2TwoFactor', 'oathTwoFactor', 'radiusTwoFactor', 'twoFactor'] as const;

/** Nothing for what is absent, or as it was shown: a display name that stood in for another is not made one. */
const changed = (member: string, next: string | null | undefined, shown: string): Record<string, string> =>
  next === null || next === undefined || next === shown ? {} : { [member]: next };

/** What is absent stays, as does all that PrivX's clients have put into the user. */
export async function changeUser(
  ctx: AuthContext,
  { caller, request }: By,
  number: number,
  changes: Static<typeof ChangedUser>,
): Promise<void> {
  const user = await readUserByNumber(ctx, number);
  const { userName, displayName, emailAddress, enabled, isApplicationAccount } = changes;
  await updateLocalUser(ctx, caller, request, user.id, {
    username: userName ?? user.username,
    document: {
      ...user.document,
      ...changed('display_name', displayName, displayNameOf(user)),
      ...changed('email', emailAddress, emailOf(user)),
    },
    tags: user.tags,
    password: undefined,
    passwordChangeRequired: undefined,
    isDisabled: typeof enabled === 'boolean' ? !enabled : undefined,
    isApplication: isApplicationAccount ?? undefined,
  });
}
