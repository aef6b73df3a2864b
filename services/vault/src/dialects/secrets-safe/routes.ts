import type { Route } from '@strongroom/http/route';
import type { VaultContext } from '../../context.ts';
import { readSecretRoutes } from './read-secret.ts';

/** Secrets Safe's API over vault's own operations (docs/adr/0038-secrets-safe.md). */
export const secretsSafeRoutes = (ctx: VaultContext): Route[] => [...readSecretRoutes(ctx)];
