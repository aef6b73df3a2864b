import type { Route } from '@strongroom/http/route';
import type { VaultContext } from '../../context.ts';
import { detectionRoutes } from './detection.ts';
import { fieldPasswordRoutes } from './field-passwords.ts';
import { folderRoutes } from './folder-routes.ts';
import { generalRoutes } from './general.ts';
import { readSecretRoutes } from './read-secret.ts';
import { searchRoutes } from './search.ts';
import { secretStatusRoutes } from './secret-status.ts';
import { unkeptSettingRoutes } from './secret-unkept.ts';
import { siteRoutes } from './site-routes.ts';
import { templateRoutes } from './template-routes.ts';
import { writeFieldRoutes } from './write-field.ts';
import { writeSecretRoutes } from './write-secret.ts';

/** Secret Server's API over vault's own operations (docs/adr/0035-dialects.md). Fixed paths stand before `:id`. */
export const secretServerRoutes = (ctx: VaultContext): Route[] => [
  ...detectionRoutes(ctx),
  ...searchRoutes(ctx),
  ...secretStatusRoutes(ctx),
  ...unkeptSettingRoutes(ctx),
  ...fieldPasswordRoutes(ctx),
  ...readSecretRoutes(ctx),
  ...writeSecretRoutes(ctx),
  ...writeFieldRoutes(ctx),
  ...generalRoutes(ctx),
  ...templateRoutes(ctx),
  ...folderRoutes(ctx),
  ...siteRoutes,
];
