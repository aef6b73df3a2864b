import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { mayKnow, type Secret, type SecretAddress } from '../domain/secret.ts';
import { addFavorite, findFavorites, removeFavorite, toggleFavorite } from '../store/favorites.ts';
import { readMetadata } from './read-secret.ts';

const MAX_SHOWN = 10_000;

/** Marks a secret for the caller, takes the mark away, or turns it over. Returns whether it is marked then. */
export async function markFavorite(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  wanted: boolean | undefined,
): Promise<boolean> {
  const { id } = await readMetadata(ctx, caller, request, address);
  if (wanted === undefined) return toggleFavorite(ctx.db, caller.id, id);
  await (wanted ? addFavorite : removeFavorite)(ctx.db, caller.id, id);
  return wanted;
}

/** What the caller has marked and may still know of. */
export async function listFavorites(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
): Promise<readonly Secret[]> {
  const found = (await findFavorites(ctx.db, caller.id, MAX_SHOWN)).filter(secret => mayKnow(caller, secret));
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretsListed,
    caller,
    request,
    message: { favorites: 'true', found: String(found.length) },
  });
  return found;
}
