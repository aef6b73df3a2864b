import { Choice, Members, Timestamp, Type, Uuid, type Static } from '@strongroom/schema/types';
import type { Endpoint, TargetDomain } from '../domain/target-domain.ts';
import { EndpointBody } from './target-domain-body.ts';

/** The target domain on the wire (contract 3.5). Secrets of endpoints are masked. */
export const TargetDomainView = Members({
  id: Uuid,
  name: Type.String(),
  domain_name: Type.String(),
  enabled: Type.Boolean(),
  periodic_scan: Type.Boolean(),
  periodic_scan_interval: Type.Integer({ description: 'In seconds' }),
  scan_status: Choice('', 'PENDING', 'RUNNING', 'OK', 'ERROR'),
  scan_message: Type.String(),
  last_scanned: Type.Optional(Timestamp),
  auto_onboarding: Type.Boolean(),
  auto_onboarding_policy: Type.Optional(Members({ id: Uuid, name: Type.String() })),
  endpoints: Type.Array(EndpointBody),
  comment: Type.String(),
  author: Type.String(),
  created: Timestamp,
  updated: Timestamp,
  updated_by: Type.String(),
});

/** Clients read these without asking whether they are there. */
const ENDPOINT_DEFAULTS = { scan_priority: 0, rotation_priority: 0, attribute_mapping: {} };

const endpointView = (endpoint: Endpoint) => ({
  ...ENDPOINT_DEFAULTS,
  ...endpoint,
  attribute_mapping: { ...endpoint.attribute_mapping },
});

/** `policies`: names by id. Times that are not known are left out (contract 0.8). */
export const targetDomainView = (
  domain: TargetDomain,
  policies: ReadonlyMap<string, string>,
): Static<typeof TargetDomainView> => {
  const policyId = domain.autoOnboardingPolicyId;
  return {
    id: domain.id,
    name: domain.name,
    domain_name: domain.domainName,
    enabled: domain.enabled,
    periodic_scan: domain.periodicScan,
    periodic_scan_interval: domain.periodicScanInterval,
    scan_status: domain.scanStatus,
    scan_message: domain.scanMessage,
    ...(domain.lastScanned === null ? {} : { last_scanned: domain.lastScanned.toISOString() }),
    auto_onboarding: domain.autoOnboarding,
    ...(policyId === null
      ? {}
      : { auto_onboarding_policy: { id: policyId, name: policies.get(policyId) ?? '' } }),
    endpoints: domain.endpoints.map(endpointView),
    comment: domain.comment,
    author: domain.createdBy,
    created: domain.createdAt.toISOString(),
    updated: domain.updatedAt.toISOString(),
    updated_by: domain.updatedBy,
  };
};
