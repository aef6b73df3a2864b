import type { Route } from '@strongroom/http/route';
import type { VaultContext } from '../../context.ts';
import { changeFileRoutes } from './change-file.ts';
import { createFileRoutes } from './create-file.ts';
import { createSecretRoutes } from './create-secret.ts';
import { deleteSecretRoutes } from './delete-secret.ts';
import { changeSecretRoutes } from './change-secret.ts';
import { downloadRoutes } from './download.ts';
import { folderRoutes } from './folders.ts';
import { importSecretsRoutes } from './import-secrets.ts';
import { keepSessions } from './keep-session.ts';
import { listSecretsRoutes } from './list-secrets.ts';
import { moveFolderRoutes } from './move-folder.ts';
import { readSecretRoutes } from './read-secret.ts';
import { shareRoutes } from './shares.ts';

/** Secrets Safe's API over vault's own operations (docs/adr/0038-secrets-safe.md). */
export const secretsSafeRoutes = (ctx: VaultContext): Route[] => routesOf(ctx).map(keepSessions(ctx));

const routesOf = (ctx: VaultContext): Route[] => [
  ...readSecretRoutes(ctx),
  ...listSecretsRoutes(ctx),
  ...createSecretRoutes(ctx),
  ...changeSecretRoutes(ctx),
  ...deleteSecretRoutes(ctx),
  ...createFileRoutes(ctx),
  ...changeFileRoutes(ctx),
  ...downloadRoutes(ctx),
  ...shareRoutes(ctx),
  ...folderRoutes(ctx),
  ...moveFolderRoutes(ctx),
  ...importSecretsRoutes(ctx),
];
