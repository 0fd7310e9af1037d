// The code of a link stands behind the #. It goes along to where the browser is sent once its person is signed in.
const form = document.querySelector("form.account");
if (form && location.hash) form.action += location.hash;
