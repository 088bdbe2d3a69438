/**
 * `request` of `node:http`. Imported as an ES module, that module also loads the client behind `fetch`: a tenth of the
 * time that a command, or a gateway, needs to start.
 */
export const { request } = process.getBuiltinModule('node:http');
