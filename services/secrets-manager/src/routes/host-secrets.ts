import { created, ok, route, type Route } from '@strongroom/http/route';
import { Line, Members, OrNull, Text, Timestamp, Type, Uuid, type Static } from '@strongroom/schema/types';
import { invalidField } from '@strongroom/errors/common-errors';
import type { SecretsManagerContext } from '../context.ts';
import { CERTIFICATE_VALIDATION, isDatabase, oneOf, PROTOCOLS } from '../domain/host-secret.ts';
import { OPERATING_SYSTEMS } from '../domain/script-template.ts';
import {
  deleteHostSecret,
  putHostSecret,
  readHostSecret,
  type ReadableHostSecret,
} from '../operations/host-secrets.ts';
import type { HostSecretInput } from '../operations/keep-host-secret.ts';
import { MANAGE_HOSTS, PREFIX, VIEW_HOSTS } from './access.ts';
import { Label, List, OptionalId, withoutNulls, Word } from './wire-types.ts';

/** How passwords on a host are changed (contract 3.3). */

const PATH = `${PREFIX}/host-secret/:host_id`;
const tag = 'host secrets';
const ByHost = Members({ host_id: Uuid });

const Body = Members({
  metadata: Members({
    host_id: OptionalId,
    access_group_id: Word,
    address: Line(1_024, 1),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    operating_system: Line(16),
    protocol: Word,
    certificate_validation_options: Line(16),
    winrm_host_certificate_trust_anchors: OrNull(Text(65_536)),
    use_main_account: Type.Boolean(),
    main_account: Label,
    winrm_main_account_password: OrNull(Text(4_096)),
    // Go's SDK says `policy_id`, PrivX's pages `password_policy_id`.
    policy_id: OptionalId,
    password_policy_id: OptionalId,
    script_template_id: OptionalId,
  }),
  accounts: List(Members({ account: Line(1_024, 1), initial_password: OrNull(Text(4_096)) }), 1_000),
});

const View = Members({
  metadata: Type.Object(
    { host_id: Uuid, created: Timestamp, updated: Timestamp },
    { additionalProperties: true },
  ),
  accounts: Type.Array(
    Type.Object(
      { account: Type.String(), host_id: Uuid, created: Timestamp },
      { additionalProperties: true },
    ),
  ),
});

function toInput(hostId: string, body: Static<typeof Body>): HostSecretInput {
  const { metadata: given, accounts = [] } = withoutNulls(body);
  const at = 'metadata.';
  if ((given.host_id ?? '') !== '' && given.host_id?.toLowerCase() !== hostId) {
    throw invalidField(`${at}host_id`, 'host_id must be that of the path');
  }
  const protocol = oneOf(PROTOCOLS, given.protocol, `${at}protocol`, 'SSH');
  const useMainAccount = given.use_main_account;
  const mainAccount = given.main_account ?? '';
  if (useMainAccount && mainAccount === '') {
    throw required(`${at}main_account`);
  }
  return {
    at,
    settings: {
      accessGroupId: given.access_group_id ?? '',
      address: given.address,
      port: given.port,
      operatingSystem: oneOf(OPERATING_SYSTEMS, given.operating_system, `${at}operating_system`),
      protocol,
      certificateValidationOptions: oneOf(
        CERTIFICATE_VALIDATION,
        given.certificate_validation_options,
        `${at}certificate_validation_options`,
      ),
      trustAnchors: given.winrm_host_certificate_trust_anchors ?? '',
      useMainAccount,
      mainAccount,
      passwordPolicyId: idOf(`${at}password_policy_id`, given.password_policy_id, given.policy_id),
      scriptTemplateId: isDatabase(protocol)
        ? null
        : idOf(`${at}script_template_id`, given.script_template_id),
    },
    accounts: new Map(accounts.map(({ account, initial_password = '' }) => [account, initial_password])),
    mainPassword: given.winrm_main_account_password ?? '',
  };
}

function idOf(property: string, ...given: readonly (string | undefined)[]): string {
  const id = given.find(candidate => candidate !== undefined && candidate !== '');
  if (id === undefined) throw required(property);
  return id;
}

const required = (property: string) =>
  invalidField(property, `${property} is required`, 'REQUIRED_VALUE_MISSING');

const time = (at: Date | null, name: string) => (at === null ? {} : { [name]: at.toISOString() });

const view = ({ secret, accounts }: ReadableHostSecret) => ({
  metadata: {
    host_id: secret.hostId,
    access_group_id: secret.accessGroupId,
    address: secret.address,
    port: secret.port,
    // In small letters here, in capitals on hosts (contract 3.3, 6.3).
    operating_system: secret.operatingSystem.toLowerCase(),
    protocol: secret.protocol,
    certificate_validation_options: secret.certificateValidationOptions,
    winrm_host_certificate_trust_anchors: secret.trustAnchors,
    use_main_account: secret.useMainAccount,
    main_account: secret.mainAccount,
    policy_id: secret.passwordPolicyId,
    password_policy_id: secret.passwordPolicyId,
    script_template_id: secret.scriptTemplateId ?? '',
    created: secret.createdAt.toISOString(),
    created_by: secret.createdBy,
    updated: secret.updatedAt.toISOString(),
    updated_by: secret.updatedBy,
  },
  accounts: accounts.map(account => ({
    account: account.account,
    host_id: account.hostId,
    ...time(account.rotationInitiated, 'rotation_initiate'),
    ...time(account.lastRotated, 'last_rotated'),
    ...time(account.lastError, 'last_error'),
    last_error_details: account.lastErrorDetails,
    created: account.createdAt.toISOString(),
    created_by: account.createdBy,
  })),
});

export const hostSecretRoutes = (ctx: SecretsManagerContext): Route[] => [
  route({
    method: 'get',
    path: PATH,
    operationId: 'getHostSecret',
    tag,
    summary: 'Read how passwords on a host are changed; passwords are not shown',
    access: VIEW_HOSTS,
    params: ByHost,
    response: View,
    handle: async ({ params }) => ok(view(await readHostSecret(ctx, params.host_id))),
  }),
  route({
    method: 'post',
    path: PATH,
    operationId: 'putHostSecret',
    tag,
    summary: 'Store how passwords on a host are changed, and of which accounts',
    access: MANAGE_HOSTS,
    status: 201,
    params: ByHost,
    body: Body,
    response: View,
    handle: async ({ params, body, caller, request }) => {
      const hostId = params.host_id.toLowerCase();
      await putHostSecret(ctx, { caller, request }, hostId, toInput(hostId, body));
      return created(view(await readHostSecret(ctx, hostId)), `${PREFIX}/host-secret/${hostId}`);
    },
  }),
  route({
    method: 'delete',
    path: PATH,
    operationId: 'deleteHostSecret',
    tag,
    summary: 'Delete how passwords on a host are changed, with its accounts',
    access: MANAGE_HOSTS,
    params: ByHost,
    handle: async ({ params, caller, request }) => {
      await deleteHostSecret(ctx, { caller, request }, params.host_id.toLowerCase());
      return ok();
    },
  }),
];
