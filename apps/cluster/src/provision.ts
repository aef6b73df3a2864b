import { readSettings, type Environment } from '@strongroom/config/settings';
import { provisionDatabase, type ServiceRole } from '@strongroom/db/provision';
import { errorCode } from '@strongroom/errors/system-error';
import { SCHEMAS } from './layout.ts';

/** PostgreSQL's `invalid_password`. */
const WRONG_PASSWORD = '28P01';

/** Runs beside the database, as its owner: makes the database, and a role and a schema for each service. */
export async function provision(environment: Environment): Promise<void> {
  const settings = readSettings(environment);
  const url = settings.url('STRONGROOM_DATABASE_URL', 'postgres://postgres@postgres:5432/strongroom');
  const password = settings.text('STRONGROOM_DATABASE_PASSWORD');
  const roles: ServiceRole[] = SCHEMAS.map(schema => ({
    schema,
    password: settings.text(`STRONGROOM_DATABASE_PASSWORD_${schema.toUpperCase()}`),
  }));
  settings.finish();
  const { hostname: host, port, username: user, pathname } = new URL(url);
  const superuser = { host, port: Number(port === '' ? 5432 : port), user, password };
  try {
    await provisionDatabase(superuser, decodeURIComponent(pathname.slice(1)), roles);
  } catch (error) {
    if (errorCode(error) !== WRONG_PASSWORD) throw error;
    throw new Error(
      'The database does not know the password of its owner: its volume was made with another var/cluster. ' +
        'Put that directory back, or give the volume up (make cluster-clean).',
      { cause: error },
    );
  }
}
