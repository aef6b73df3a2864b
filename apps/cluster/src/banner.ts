import type { ClusterLayout } from './layout.ts';

export const banner = (
  { credentials, caFile }: ClusterLayout,
  { baseUrl, hasCredentials }: { baseUrl: string; hasCredentials: boolean },
): string => `
Strongroom is ready.

  URL          ${baseUrl}
  API          ${baseUrl}/docs
  Credentials  ${hasCredentials ? credentials : 'taken away from the directory'}
  CA           ${caFile}

  make cluster-status   what runs, how large it is
  make cluster-logs     follow the logs
  make cluster-down     stop, and keep all data
  docker compose up -d --no-recreate --scale vault=3   three replicas of a service

`;
