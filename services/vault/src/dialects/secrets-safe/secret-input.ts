import { invalidField } from '@strongroom/errors/common-errors';
import { Line, Members, Name, OrNull, Text, Type, Uuid, type Static } from '@strongroom/schema/types';
import type { StatedContent } from './content.ts';
import { OwnersInput } from './owner-input.ts';

/*
 * What clients write (contract 3.3). Whatever the schema of the domain lets a secret have beside its own fields, such as a
 * description, stands in the content with them, sealed.
 */

const MAX_URLS = 100;

export const CommonInput = {
  Title: Name(256),
  Description: OrNull(Text(256)),
  Notes: OrNull(Text(4_000)),
  Urls: OrNull(Type.Array(Members({ Url: Line(2_048, 1) }), { maxItems: MAX_URLS })),
  ...OwnersInput,
};
type Common = Static<ReturnType<typeof Members<typeof CommonInput>>>;

/** Integers by which clients ask for a password to be made; 0 asks for none. */
const RuleId = OrNull(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }));

const CREDENTIAL = {
  ...CommonInput,
  Username: Type.String({ minLength: 1, maxLength: 1_000 }),
  Password: OrNull(Type.String({ maxLength: 256 })),
  PasswordRuleID: RuleId,
};
const TEXT = { ...CommonInput, Text: Type.String({ minLength: 1, maxLength: 4_096 }) };

const FILE = { ...CommonInput, FileName: OrNull(Type.String({ maxLength: 256 })) };

/** In a change, another folder than the secret's moves it; on creation, the path alone says where (contract 7, C7). */
const MOVING = { FolderId: OrNull(Type.Union([Uuid, Type.Literal('')])) };

export const NewCredential = Members(CREDENTIAL);
export const NewText = Members(TEXT);
export const NewFile = Members(FILE);
export const ChangedCredential = Members({ ...CREDENTIAL, ...MOVING });
export const ChangedText = Members({ ...TEXT, ...MOVING });
export const ChangedFile = Members({ ...FILE, ...MOVING });

/** Members of the content that every kind has. What is left out is cleared. */
export function commonData({ Description, Notes, Urls }: Common): StatedContent {
  return {
    ...(Notes ? { comment: Notes } : {}),
    ...(Description ? { description: Description } : {}),
    ...(Urls && Urls.length > 0 ? { urls: Urls.map(({ Url }) => Url) } : {}),
  };
}

/** A stated password counts; without one, a rule has to be named. */
export async function passwordOf(
  { Password, PasswordRuleID }: Pick<Static<typeof NewCredential>, 'Password' | 'PasswordRuleID'>,
  byRule?: (number: number) => Promise<string>,
): Promise<string> {
  if (Password) return Password;
  if (PasswordRuleID && byRule) return byRule(PasswordRuleID);
  throw invalidField(
    'Password',
    'A password, or the number of a password rule, is required',
    'REQUIRED_VALUE_MISSING',
  );
}
