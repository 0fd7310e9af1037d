// A name that nobody else has. crypto.randomUUID is not there on plain http with a name, as in a LAN (it wants a secure context).

export const nonce = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("");
