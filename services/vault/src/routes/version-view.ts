import { invalidField } from '@strongroom/errors/common-errors';
import { Members, OrNull, Timestamp, Type, type Static } from '@strongroom/schema/types';
import { formatDuration, parseDuration } from '../domain/duration.ts';
import { DEFAULT_MAX_VERSIONS, HIGHEST_MAX_VERSIONS, type Secret } from '../domain/secret.ts';
import { MAX_DELETE_VERSION_AFTER_SECONDS, type Version } from '../domain/version.ts';
import type { Versioning } from '../operations/versions.ts';

/** Shapes of the versioned API (contract 2.7): V and M. */

export const VersionView = Members({
  version: Type.Integer(),
  created: Timestamp,
  deletion_time: Type.Optional(Type.String({ description: 'From then on it counts as deleted' })),
  destroyed: Type.Boolean(),
});

export const versionView = ({ version, createdAt, deletionTime, destroyed }: Version) => ({
  version,
  created: createdAt.toISOString(),
  ...(deletionTime === undefined ? {} : { deletion_time: deletionTime.toISOString() }),
  destroyed,
});

export const VersioningView = Members({
  created: Timestamp,
  created_by: Type.String(),
  updated: Timestamp,
  updated_by: Type.String(),
  current_version: Type.Integer(),
  oldest_version: Type.Integer({ description: 'The oldest one that is kept' }),
  max_versions: Type.Integer(),
  delete_version_after: Type.String({ description: 'A duration as Go writes it; 0s: never' }),
  cas_required: Type.Boolean(),
});

export const versioningView = ({
  secret,
  versions,
}: {
  secret: Secret;
  versions: readonly Pick<Version, 'version'>[];
}) => ({
  created: secret.createdAt.toISOString(),
  created_by: secret.createdBy,
  updated: secret.updatedAt.toISOString(),
  updated_by: secret.updatedBy,
  current_version: secret.version,
  oldest_version: versions[0]?.version ?? secret.version,
  max_versions: secret.maxVersions,
  delete_version_after: formatDuration(secret.deleteVersionAfterSeconds),
  cas_required: secret.casRequired,
});

export const VersioningInput = Members({
  max_versions: OrNull(
    Type.Integer({ minimum: 0, maximum: HIGHEST_MAX_VERSIONS, description: '0: the default' }),
  ),
  delete_version_after: OrNull(
    Type.String({ maxLength: 64, description: 'Such as 72h30m, or P3DT30M; 0s: never' }),
  ),
  cas_required: OrNull(Type.Boolean()),
});

/** What is absent or null stays. */
export const toVersioning = (body: Static<typeof VersioningInput>): Partial<Versioning> => ({
  ...(typeof body.max_versions === 'number'
    ? { maxVersions: body.max_versions === 0 ? DEFAULT_MAX_VERSIONS : body.max_versions }
    : {}),
  ...(typeof body.delete_version_after === 'string'
    ? { deleteVersionAfterSeconds: secondsOf(body.delete_version_after) }
    : {}),
  ...(typeof body.cas_required === 'boolean' ? { casRequired: body.cas_required } : {}),
});

function secondsOf(duration: string): number {
  const property = 'delete_version_after';
  const seconds = parseDuration(duration);
  if (seconds === undefined) {
    throw invalidField(
      property,
      `${property} must be a duration of whole seconds, such as 72h30m or P3DT30M`,
      'VALUE_INCORRECT_FORMAT',
    );
  }
  if (seconds > MAX_DELETE_VERSION_AFTER_SECONDS) {
    throw invalidField(property, `${property} must be at most a hundred years`, 'VALUE_OUT_OF_BOUNDS');
  }
  return seconds;
}
