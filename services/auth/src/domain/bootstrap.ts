import { PERMISSIONS, type Permission } from '@strongroom/contracts/permissions';
import { bodyParser } from '@strongroom/schema/parser';
import { Line, Type, Uuid, type Static } from '@strongroom/schema/types';

const Secret = Line(128, 16);

/** The members of credentials.json that auth needs (the design's section 2). */
const Bootstrap = Type.Object({
  admin: Type.Object({ username: Line(256, 1), password: Secret }),
  oauth_client: Type.Object({ id: Line(128, 1), secret: Secret }),
  api_client: Type.Object({ id: Uuid, secret: Secret }),
});
export type Bootstrap = Static<typeof Bootstrap>;

const parse = bodyParser(Bootstrap);

export function parseBootstrap(text: string): Bootstrap | undefined {
  try {
    return parse(JSON.parse(text));
  } catch {
    // The parser's message may quote the text, which holds passwords; the setting's name says enough.
    return undefined;
  }
}

export interface BootstrapRole {
  name: string;
  comment: string;
  isSystem: boolean;
  permissions: readonly Permission[];
}

/** The roles that PrivX's clients expect to find (contract 12). */
export const BOOTSTRAP_ROLES: readonly BootstrapRole[] = [
  { name: 'privx-admin', comment: 'All permissions', isSystem: true, permissions: PERMISSIONS },
  { name: 'privx-user', comment: 'Everyone', isSystem: true, permissions: [] },
  { name: 'linux-admin', comment: 'Administrators of Linux hosts', isSystem: false, permissions: [] },
  { name: 'terraform-provider', comment: 'Secrets kept by Terraform', isSystem: false, permissions: [] },
];

export const BOOTSTRAP_API_CLIENT = {
  name: 'bootstrap',
  roles: ['privx-admin', 'privx-user', 'terraform-provider'],
} as const;

export const BOOTSTRAP_ADMIN_ROLES = ['privx-admin', 'privx-user'] as const;
