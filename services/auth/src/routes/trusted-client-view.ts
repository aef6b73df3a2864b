import { invalidField } from '@strongroom/errors/common-errors';
import { Choice, Line, Members, Name, OrNull, Text, Type, type Static } from '@strongroom/schema/types';
import { isSubnet } from '../domain/address-masks.ts';
import {
  ALL_SUBNETS,
  PERMISSIONS_OF_TYPE,
  TRUSTED_CLIENT_TYPES,
  type TrustedClient,
} from '../domain/trusted-client.ts';
import type { ReadableTrustedClient, TrustedClientInput } from '../operations/trusted-clients.ts';
import { stampsView } from './stamps.ts';

/** The trusted client on the wire (contract 5.2). What the platform does not act on is kept and given back. */

const Lines = (maxLength: number) => OrNull(Type.Array(Line(maxLength), { maxItems: 1_000 }));
const Flag = OrNull(Type.Boolean());

export const TrustedClientBody = Members({
  name: Name(256),
  type: OrNull(Choice(...TRUSTED_CLIENT_TYPES)),
  access_group_id: OrNull(Line(64)),
  subnets: Lines(64),
  enabled: Flag,
  allow_repeated_registration: Flag,
  extender_address: Lines(256),
  group_id: OrNull(Line(256)),
  web_proxy_address: OrNull(Line(256)),
  // Go sends text, PrivX's own pages say a number.
  web_proxy_port: OrNull(
    Type.Union([
      Type.String({ pattern: '^[0-9]{0,5}$', maxLength: 5 }),
      Type.Integer({ minimum: 0, maximum: 65_535 }),
    ]),
  ),
  web_proxy_extender_route_patterns: Lines(1_024),
  data: OrNull(Text(65_536)),
  routing_prefix: OrNull(Line(256)),
  extender_mode: OrNull(Choice('normal', 'forward', 'passive', '')),
  extender_ssh_address: OrNull(Line(256)),
  extender_ssh_port: OrNull(Type.Integer({ minimum: 0, maximum: 65_535 })),
  extender_public_key: OrNull(Text(16_384)),
});

export const TrustedClientResponse = Type.Object(
  { id: Type.String(), type: Type.String(), name: Type.String() },
  { additionalProperties: true },
);

export function toTrustedClientInput(body: Static<typeof TrustedClientBody>): TrustedClientInput {
  const { name, type, enabled, subnets, web_proxy_port, ...document } = body;
  const wrong = (subnets ?? []).findIndex(subnet => !isSubnet(subnet));
  if (wrong !== -1) {
    throw invalidField(`subnets.${wrong}`, 'A subnet is an address with a prefix', 'VALUE_INCORRECT_FORMAT');
  }
  return {
    name,
    type: type ?? undefined,
    isEnabled: enabled ?? undefined,
    document: {
      ...document,
      subnets: subnets === undefined || subnets === null || subnets.length === 0 ? ALL_SUBNETS : subnets,
      ...(web_proxy_port === undefined || web_proxy_port === null
        ? {}
        : { web_proxy_port: String(web_proxy_port) }),
    },
  };
}

/**
 * Terraform wants a value in what it computes, and nothing in what it left out: hence defaults for some members
 * and none for others.
 */
export const trustedClientView = ({ client, secrets }: ReadableTrustedClient) => ({
  ...client.document,
  access_group_id: client.document['access_group_id'] ?? '',
  group_id: client.document['group_id'] ?? '',
  routing_prefix: client.document['routing_prefix'] ?? '',
  extender_mode: client.document['extender_mode'] ?? '',
  extender_address: client.document['extender_address'] ?? [],
  allow_repeated_registration: client.document['allow_repeated_registration'] ?? false,
  id: client.id,
  type: client.type,
  name: client.name,
  permissions: [PERMISSIONS_OF_TYPE[client.type]],
  // Registration is an act of the component itself, which no service takes yet.
  registered: false,
  oauth_client_id: client.id,
  ...(secrets === undefined ? {} : { secret: secrets.secret, oauth_client_secret: secrets.oauthSecret }),
  ...stampsView(client),
});

/** What other components may know of an extender (contract 5.3). */
export const extenderClientView = ({ type, name, document }: TrustedClient) => ({
  type,
  name,
  routing_prefix: document['routing_prefix'] ?? '',
  web_proxy_extender_route_patterns: document['web_proxy_extender_route_patterns'] ?? [],
  web_proxy_extender_routes: [],
  extender_mode: document['extender_mode'] ?? '',
  extender_ssh_address: document['extender_ssh_address'] ?? '',
  extender_ssh_port: document['extender_ssh_port'] ?? 0,
  extender_public_key: document['extender_public_key'] ?? '',
});
