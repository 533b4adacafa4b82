// Which status each public code answers with; codes that are not here answer with the status of their kind.

const codesByStatus: Readonly<Record<number, readonly string[]>> = {
  400: [
    ...['FLK-0001', 'FLK-0002', 'FLK-0110', 'FLK-0111', 'FLK-0113', 'FLK-0114', 'FLK-0115', 'FLK-0120', 'FLK-0130'],
    ...['FLK-0140', 'FLK-0141', 'FLK-0142', 'FLK-0150', 'FLK-0151', 'WORKFLOW_INVALID_EXECUTOR_CONFIG', 'FLK-0201'],
    ...['FLK-0242', 'FLK-0295', 'FLK-0296', 'FLK-0297', 'FLK-0298', 'FLK-0299', 'FLK-0302', 'FLK-0304', 'FLK-0305'],
    ...['FLK-0308', 'FLK-0309', 'FLK-0310', 'FLK-0360', 'FLK-0509', 'FLK-0610', 'INVALID_CURSOR'],
  ],
  401: ['FLK-0362', 'UNAUTHORIZED'],
  404: [
    ...['FLK-0100', 'FLK-0104', 'FLK-0200', 'FLK-0210', 'FLK-0230', 'FLK-0240', 'FLK-0250', 'FLK-0290', 'FLK-0294'],
    ...['FLK-0361', 'FLK-0500', 'FLK-0600'],
  ],
  409: ['FLK-0101', 'FLK-0291', 'FLK-0350', 'FLK-0505'],
  413: ['FLK-0363', 'FLK-0506'],
  422: [
    ...['FLK-0102', 'FLK-0103', 'FLK-0105', 'FLK-0112', 'FLK-0116', 'FLK-0292', 'FLK-0293', 'FLK-0340'],
    ...['FLK-0341', 'FLK-0501', 'FLK-0502'],
  ],
};

/** Status by code, for every code of the wire contract that a client may meet. */
export const statusByCode: ReadonlyMap<string, number> = new Map(
  Object.entries(codesByStatus).flatMap(([status, codes]) => codes.map((code) => [code, Number(status)] as const)),
);
