import type { Route } from '@strongroom/http/route';
import type { AuthContext } from './context.ts';
import { secretServerRoutes } from './dialects/secret-server/routes.ts';
import { secretsSafeRoutes } from './dialects/secrets-safe/routes.ts';
import { apiClientRoutes } from './routes/api-clients.ts';
import { apiKeyRoutes } from './routes/api-keys.ts';
import { authorizedKeyRoutes } from './routes/authorized-keys.ts';
import { endSessionRoutes } from './routes/end-session.ts';
import { identityProviderRoutes } from './routes/identity-providers.ts';
import { idpClientRoutes } from './routes/idp-clients.ts';
import { localUserRoutes } from './routes/local-users.ts';
import { loginPageRoutes } from './routes/login-page.ts';
import { loginRoutes } from './routes/login.ts';
import { metadataRoutes } from './routes/metadata.ts';
import { mfaRoutes } from './routes/mfa.ts';
import { oauthRoutes } from './routes/oauth.ts';
import { passkeyRoutes } from './routes/passkeys.ts';
import { passwordRoutes } from './routes/passwords.ts';
import { principalKeyRoutes } from './routes/principal-keys.ts';
import { revocationRoute } from './routes/revocations.ts';
import { roleMemberRoutes } from './routes/role-members.ts';
import { roleRoutes } from './routes/roles.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { signingKeyRoutes } from './routes/signing-keys.ts';
import { sourceRoutes } from './routes/sources.ts';
import { tokenInspectionRoutes } from './routes/token-inspection.ts';
import { trustedClientRoutes } from './routes/trusted-clients.ts';
import { userRoleRoutes } from './routes/user-roles.ts';
import { userRoutes } from './routes/users.ts';
import { withStepUp } from './routes/step-up.ts';

/** Every route of auth, in the order in which they are tried: literal paths come before those with an id. */
export const authRoutes = (ctx: AuthContext): Route[] =>
  withStepUp(ctx, [
    // Signing in, by people and by programs.
    ...metadataRoutes(ctx),
    ...oauthRoutes(ctx),
    ...tokenInspectionRoutes(ctx),
    ...endSessionRoutes(ctx),
    ...loginPageRoutes(),
    ...loginRoutes(ctx),
    ...passwordRoutes(ctx),
    ...mfaRoutes(ctx),
    ...passkeyRoutes(ctx),
    ...sessionRoutes(ctx),
    ...signingKeyRoutes(ctx),
    revocationRoute(ctx),
    // Who there is, and what they may do.
    ...userRoutes(ctx),
    ...userRoleRoutes(ctx),
    ...authorizedKeyRoutes(ctx),
    ...roleRoutes(ctx),
    ...roleMemberRoutes(ctx),
    ...principalKeyRoutes(ctx),
    ...localUserRoutes(ctx),
    ...apiClientRoutes(ctx),
    ...apiKeyRoutes(ctx),
    ...sourceRoutes(ctx),
    ...identityProviderRoutes(ctx),
    ...trustedClientRoutes(ctx),
    ...idpClientRoutes(ctx),
    // The same in the words of others.
    ...secretServerRoutes(ctx),
    ...secretsSafeRoutes(ctx),
  ]);
