import { SECRET_SERVER } from '@strongroom/http/secret-server';
import { Members, Type } from '@strongroom/schema/types';

/** What all routes of this dialect have in common. */
export const secretServer = { dialect: SECRET_SERVER, tag: 'secret-server' } as const;

export const BASE = SECRET_SERVER.prefix;
export const API = `${BASE}/api/v1`;

/** Integer ids, as this dialect has them. */
export const Number32 = Type.Integer({ minimum: -2_147_483_648, maximum: 2_147_483_647 });
export const ById = Members({ id: Number32 });

/** What tells that something went well and has nothing else to say. */
export const Success = Members({ success: Type.Boolean() });
