import { isDescending, paging, SortDirection } from '@strongroom/http/paging';
import { Choice, Line, Members, OrNull, Text, Type, type Static } from '@strongroom/schema/types';
import type { AuthorizedKey } from '../domain/authorized-key.ts';
import type { KeyPage } from '../store/authorized-keys.ts';

/** The authorized key on the wire (contract 4.2). */

const TEN_YEARS_SECONDS = 315_360_000;

export const AuthorizedKeyBody = Members({
  public_key: OrNull(Text(16_384)),
  not_before: OrNull(Line(64)),
  not_after: OrNull(Line(64)),
  expires_in: OrNull(Type.Integer({ minimum: 0, maximum: TEN_YEARS_SECONDS })),
  source_address: OrNull(Type.Array(Line(64), { maxItems: 100 })),
  enable_interactive_auth: OrNull(Type.Boolean()),
  name: OrNull(Line(256)),
  comment: OrNull(Text(4_096)),
});

export const AuthorizedKeyResponse = Type.Object({
  id: Type.String(),
  user_id: Type.String(),
  username: Type.String(),
  source: Type.String(),
  public_key: Type.String(),
  fingerprints: Type.Array(Type.String()),
  source_address: Type.Array(Type.String()),
});

/** An absent time is no limit. `expires_in` is for requests: what is left of it depends on the hour. */
export const authorizedKeyView = (key: AuthorizedKey) => ({
  id: key.id,
  user_id: key.userId,
  username: key.username,
  source: key.sourceId,
  public_key: key.key.line,
  fingerprints: key.key.fingerprints,
  not_before: key.notBefore?.toISOString(),
  not_after: key.notAfter?.toISOString(),
  source_address: key.sourceAddresses,
  ...key.document,
  created: key.createdAt.toISOString(),
  author: key.createdBy,
  updated: key.updatedAt.toISOString(),
  updatedby: key.updatedBy,
  updated_by: key.updatedBy,
});

export const KeyPaging = Members({
  ...paging({ limit: 50, max: 1_000 }),
  sortkey: Type.Optional(Choice('id', 'name', 'username', 'created', 'updated', 'not_before', 'not_after')),
  sortdir: Type.Optional(SortDirection),
});

export const keyPage = (query: Static<typeof KeyPaging>): KeyPage => ({
  offset: query.offset,
  limit: query.limit,
  sortKey: query.sortkey ?? 'created',
  descending: isDescending(query.sortdir),
});
