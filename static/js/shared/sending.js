// A form with a large file on its way.

/** Send a form with a file and tell how much of it is there (0 to 1). The JSON that answers; throws the problem (RFC 9457) when it is
 * one. Not by fetch, which does not tell how far it is. */
export function send(address, body, progress) {
  const request = new XMLHttpRequest();
  request.open("POST", address);
  request.setRequestHeader("Accept", "application/json");
  request.upload.addEventListener("progress", ({ loaded, total }) => total && progress(loaded / total));
  return new Promise((took, failed) => {
    request.addEventListener("load", () => {
      let said;
      try {
        said = JSON.parse(request.responseText);
      } catch {
        return failed({});
      }
      if (request.status < 300) took(said);
      else failed(said);
    });
    request.addEventListener("error", () => failed({}));
    request.send(body);
  });
}
