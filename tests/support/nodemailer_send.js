// Mail by nodemailer over implicit TLS, with a password; the server's certificate and name are verified.
//
//   nodemailer_send.js HOST PORT USER CA_FILE [LIST]   without LIST one mail that nodemailer composes, from USER to bob@there.example;
//                                                      with it the files of LIST (FILE, FROM, TO between tabs), as they are
'use strict';
const fs = require('fs');
const nodemailer = require('nodemailer');

const [host, port, user, ca, list] = process.argv.slice(2);
const transport = nodemailer.createTransport({
  host, port: Number(port), secure: true, auth: {user, pass: 'secret'}, tls: {ca: fs.readFileSync(ca)},
  pool: true, maxConnections: 4, maxMessages: 1000, name: 'nodemailer.example',
});

const composed = [{
  from: user, to: 'bob@there.example', subject: 'Grüße von nodemailer', text: 'It works.\n.\n..\nGrüße', html: '<b>It works.</b>',
  attachments: [{filename: 'a.bin', content: Buffer.from([0, 13, 10, 46, 13, 10, 255])}],
}];
const raw = () => fs.readFileSync(list, 'utf8').split('\n').filter((line) => line).map((line) => {
  const [file, from, to] = line.split('\t');
  return {envelope: {from, to}, raw: fs.readFileSync(file)};
});

const mails = list ? raw() : composed;
Promise.allSettled(mails.map((mail) => transport.sendMail(mail))).then((ends) => {
  const failed = ends.map((end, at) => ({to: (mails[at].envelope || mails[at]).to, why: end.reason})).filter(({why}) => why);
  failed.slice(0, 10).forEach(({to, why}) => console.log(`${to}: ${why.message}`));
  process.exitCode = failed.length ? 1 : 0;
  transport.close();
});
