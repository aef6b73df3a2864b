import { isDescending, paging, SortDirection } from '@strongroom/http/paging';
import { Choice, Line, Members, OrNull, Type, type Static } from '@strongroom/schema/types';
import { lower } from '../domain/host.ts';
import { HOST_SORT_KEYS, type DocumentText, type HostPage, type HostQuery } from '../store/host-search.ts';
import { Flag, Label, List, OptionalId } from './wire-types.ts';

/** What hosts are searched by (contract 6.1). Empty texts, empty lists and null find all. */

/** `filter` is a parameter of PrivX's own pages, whose words are not public: it is taken and changes nothing. */
export const HostPaging = Members({
  ...paging({ limit: 50, max: 1_000 }),
  sortkey: Type.Optional(Choice(...HOST_SORT_KEYS)),
  sortdir: Type.Optional(SortDirection),
});

const Texts = List(Line(1_024), 1_000);

export const HostSearchBody = Members({
  id: OptionalId,
  keywords: Label,
  distinguished_name: Texts,
  external_id: Label,
  instance_id: Label,
  source_id: Label,
  common_name: Texts,
  organization: Texts,
  organizational_unit: Texts,
  address: Texts,
  service: Texts,
  port: List(Type.Integer({ minimum: 0, maximum: 65_535 }), 1_000),
  zone: Texts,
  host_type: Texts,
  host_classification: Texts,
  role: Texts,
  scope: Texts,
  tags: Texts,
  access_group_ids: Texts,
  cloud_providers: Texts,
  cloud_provider_regions: Texts,
  deployable: Flag,
  statuses: Texts,
  disabled: OrNull(Line(64)),
});

type Search = Static<typeof HostSearchBody>;
type GivenTexts = readonly string[] | null | undefined;

const given = (text: string | null | undefined) => (text === '' ? null : (text ?? null));
const lowered = (texts: GivenTexts) => (texts?.length ? texts.map(lower) : null);
const listed = <T>(items: readonly T[] | null | undefined) => (items?.length ? items : null);
const oneLowered = (text: string | null | undefined) => lowered(text ? [text] : null);

function toTexts(body: Search): Record<DocumentText, readonly string[] | null> {
  return {
    source_id: oneLowered(body.source_id),
    access_group_id: lowered(body.access_group_ids),
    distinguished_name: lowered(body.distinguished_name),
    organization: lowered(body.organization),
    organizational_unit: lowered(body.organizational_unit),
    zone: lowered(body.zone),
    host_type: lowered(body.host_type),
    host_classification: lowered(body.host_classification),
    cloud_provider: lowered(body.cloud_providers),
    cloud_provider_region: lowered(body.cloud_provider_regions),
  };
}

export const toHostQuery = (body: Search): HostQuery => ({
  id: given(body.id),
  words: listed(
    lower(body.keywords ?? '')
      .split(/[\s,]+/)
      .filter(word => word !== ''),
  ),
  externalId: given(body.external_id),
  instanceId: given(body.instance_id),
  commonNames: lowered(body.common_name),
  addresses: lowered(body.address),
  services: listed(body.service?.map(service => service.toUpperCase())),
  ports: listed(body.port),
  roles: lowered(body.role),
  tags: listed(body.tags),
  scopes: listed(body.scope),
  statuses: listed(body.statuses),
  texts: toTexts(body),
  deployable: body.deployable ?? null,
  disabled: given(body.disabled),
});

export const toHostPage = (query: Static<typeof HostPaging>): HostPage => ({
  sortKey: query.sortkey ?? 'common_name',
  descending: isDescending(query.sortdir),
  offset: query.offset,
  limit: query.limit,
});
