import { invalidField } from '@strongroom/errors/common-errors';
import { Members, OrNull, Type, type TSchema } from '@strongroom/schema/types';

/** A member of a change: it counts when it is stated to be dirty (contract 5.5). */
export const Dirty = <T extends TSchema>(value: T) =>
  OrNull(Members({ dirty: Type.Optional(Type.Boolean()), value: OrNull(value) }));

interface DirtyMember<T> {
  readonly dirty?: boolean | undefined;
  readonly value?: T | null | undefined;
}

/** Undefined: it stays as it is. */
export const dirtyValue = <T>(member: DirtyMember<T> | null | undefined): T | null | undefined =>
  member?.dirty === true ? (member.value ?? null) : undefined;

/** Whatever the product can be told and vault does not keep: to pass it over would let the caller think that it holds. */
export function refuseUnkept(members: Readonly<Record<string, unknown>>): void {
  const asked = Object.entries(members).find(([, value]) => !NOTHING.includes(value));
  if (asked !== undefined) throw invalidField(asked[0], 'This server does not keep such a setting');
}

const NOTHING: readonly unknown[] = [undefined, null, false, 0, -1, ''];
