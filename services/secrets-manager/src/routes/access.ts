import { withPermission } from '@strongroom/http/route';

export const PREFIX = '/secrets-manager/api/v1';
export const HOST_STORE = '/host-store/api/v1';
export const TARGET_DOMAINS = `${PREFIX}/targetdomains`;
/** Of PrivX's authorizer only what it says of accounts' passwords is served. */
export const AUTHORIZER = '/authorizer/api/v1';
/** Of PrivX's connection manager only who had which account when. */
export const CONNECTION_MANAGER = '/connection-manager/api/v1';

/** Policies and templates belong to the platform's settings and serve those who look after hosts. */
export const READ = withPermission('hosts-view', 'hosts-manage', 'settings-view', 'settings-manage');
export const WRITE = withPermission('settings-manage', 'hosts-manage');
/** A new password also serves those who may put it into the vault. */
export const GENERATE = withPermission('settings-manage', 'hosts-manage', 'vault-add', 'vault-manage');

export const VIEW_HOSTS = withPermission('hosts-view', 'hosts-manage');
export const MANAGE_HOSTS = withPermission('hosts-manage');
/** Hosts that register themselves, by a deployment script. */
export const DEPLOY_HOSTS = withPermission('hosts-manage', 'privx-host-provisioning');

export const VIEW_DOMAINS = withPermission('target-domains-view', 'target-domains-manage');
export const MANAGE_DOMAINS = withPermission('target-domains-manage');
