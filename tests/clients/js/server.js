// A stock Socket.IO server that knows nothing of calls but their words: it answers what it is asked, tells events and
// wants to know that they arrived. One JSON line on standard output for whatever it sees; commands come on standard
// input. usage: node server.js [pingInterval pingTimeout]
import { Server } from 'socket.io';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const [pingInterval = 25000, pingTimeout = 20000] = process.argv.slice(2).map(Number);
const http = createServer();
const io = new Server(http, { pingInterval, pingTimeout, transports: ['websocket'] });
const show = (what) => console.log(JSON.stringify(what));

io.use((socket, next) => {
  const { token } = socket.handshake.auth;
  if (token === 'good') return next();
  const refused = new Error('the token is not good');
  refused.data = { code: 'unauthorized' };
  next(refused);
});

io.on('connection', (socket) => {
  socket.on('call:register', (register, answer) => {
    show({ registered: register.userId, device: register.deviceId });
    answer({ ok: true, userId: register.userId, iceServers: [], pending: [] });
  });
  socket.on('call:end', (end, answer) => {
    show({ ended: end.roomName });
    answer({ ok: true, duration: 0 });
  });
  socket.on('disconnect', (reason) => show({ gone: reason }));
});

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { tell, payload, drop } = JSON.parse(line);
  if (drop) {
    io.disconnectSockets(drop === 'connection');
    return;
  }
  try {
    await io.timeout(10000).emitWithAck(tell, payload);
    show({ arrived: tell });
  } catch {
    show({ lost: tell });
  }
});

http.listen(0, '127.0.0.1', () => show({ port: http.address().port }));
