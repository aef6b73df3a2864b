import { Members, Timestamp, Type, Uuid } from '@strongroom/schema/types';
import type { Account } from '../domain/host-secret.ts';
import type { CommandRestrictions, Handle, HostPrincipal, HostService } from '../domain/host.ts';
import type { Names, ReadableHost } from '../operations/read-hosts.ts';
import { HostBody } from './host-body.ts';

/** The host on the wire (contract 6.2). */
export const HostView = Type.Object(
  { id: Uuid, created: Timestamp, updated: Timestamp, updated_by: Type.String(), ...HostBody.properties },
  { additionalProperties: true },
);

/** Clients loop over lists and compare texts without asking whether they are there (contract 6.3). */
const HOST_DEFAULTS = {
  common_name: '',
  addresses: [],
  external_id: '',
  instance_id: '',
  source_id: '',
  access_group_id: '',
  contact_address: '',
  cloud_provider: '',
  cloud_provider_region: '',
  distinguished_name: '',
  organization: '',
  organizational_unit: '',
  zone: '',
  scope: [],
  host_type: '',
  host_classification: '',
  comment: '',
  user_message: '',
  tags: [],
  status: [],
  tofu: false,
  toch: false,
  stand_alone_host: false,
  audit_enabled: false,
  ssh_host_public_keys: [],
  host_certificate_raw: '',
  password_rotation_enabled: false,
};

const SERVICE_DEFAULTS = { address: '', port: 0, use_for_password_rotation: false, source: '' };

const PRINCIPAL_DEFAULTS = {
  principal: '',
  passphrase: '',
  rotate: false,
  use_for_password_rotation: false,
  username_attribute: '',
  use_user_account: false,
  source: '',
  applications: [],
};

export function hostView({ host, secret, accounts, names }: ReadableHost) {
  const { services = [], principals = [], password_rotation: rotation, ...document } = host.document;
  return {
    ...HOST_DEFAULTS,
    ...document,
    id: host.id,
    services: services.map(serviceView),
    principals: principals.map(principal => principalView(principal, names)),
    ...(rotation === undefined
      ? {}
      : {
          password_rotation: {
            ...rotation,
            ...(secret === undefined
              ? {}
              : {
                  rotation_status: accounts.map(rotationStatusView),
                  created: secret.createdAt.toISOString(),
                  created_by: secret.createdBy,
                  updated: secret.updatedAt.toISOString(),
                  updated_by: secret.updatedBy,
                }),
          },
        }),
    disabled: host.disabled,
    deployable: host.deployable,
    created: host.createdAt.toISOString(),
    updated: host.updatedAt.toISOString(),
    updated_by: host.updatedBy,
  };
}

const serviceView = (service: HostService) => ({ ...SERVICE_DEFAULTS, ...service });

const principalView = (principal: HostPrincipal, names: Names) => {
  const { roles = [], command_restrictions: restrictions, ...rest } = principal;
  return {
    ...PRINCIPAL_DEFAULTS,
    ...rest,
    roles: roles.map(role => handleView(role, names.roles)),
    ...(restrictions === undefined ? {} : { command_restrictions: restrictionsView(restrictions, names) }),
  };
};

const restrictionsView = (
  { default_whitelist: byDefault, whitelists = [], ...rest }: CommandRestrictions,
  names: Names,
) => ({
  enabled: false,
  ...rest,
  default_whitelist: optionalHandleView(byDefault, names.whitelists),
  whitelists: whitelists.map(({ whitelist, roles = [] }) => ({
    whitelist: optionalHandleView(whitelist, names.whitelists),
    roles: roles.map(role => handleView(role, names.roles)),
  })),
});

const optionalHandleView = (handle: Partial<Handle> = {}, names: ReadonlyMap<string, string>) =>
  handle.id === undefined || handle.id === '' ? { id: '', name: '' } : handleView({ id: handle.id }, names);

/** What it names may be gone: then it has no name, and says so. */
const handleView = ({ id }: Handle, names: ReadonlyMap<string, string>) => {
  const name = names.get(id);
  return name === undefined ? { id, name: '', deleted: true } : { id, name };
};

/** Times that are not known are left out: Go's SDK cannot read an empty text as a time (contract 0.8). */
const rotationStatusView = ({ account, lastRotated, lastError, lastErrorDetails }: Account) => ({
  principal: account,
  ...(lastRotated === null ? {} : { last_rotated: lastRotated.toISOString() }),
  ...(lastError === null ? {} : { last_error: lastError.toISOString() }),
  last_error_details: lastErrorDetails,
});

export const ById = Members({ id: Uuid });
