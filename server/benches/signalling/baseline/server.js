'use strict';
// What calls-server is measured against: the source documents' handler, written as a careful Node developer would.
// Socket.IO 4.8, express, mysql2. It does what one 1-1 call needs and nothing more, so it is not slowed by extras.
//
// Environment: PORT, TURN_SECRET; MYSQL_DATABASE (absent = memory only), MYSQL_HOST, MYSQL_PORT, MYSQL_USER, MYSQL_PASSWORD.

const { createHmac } = require('node:crypto');
const { createServer } = require('node:http');
const express = require('express');
const mysql = require('mysql2/promise');
const { Server } = require('socket.io');

const env = process.env;
const TURN_SECRET = env.TURN_SECRET;
const TURN_TTL_SECONDS = 24 * 60 * 60;
/** Room for every client of the reconnect test: Node's own 511 would make them wait for a SYN retry. */
const LISTEN_BACKLOG = 4096;

const pool = env.MYSQL_DATABASE
  ? mysql.createPool({
      host: env.MYSQL_HOST,
      port: Number(env.MYSQL_PORT),
      user: env.MYSQL_USER,
      password: env.MYSQL_PASSWORD,
      database: env.MYSQL_DATABASE,
      connectionLimit: 10,
    })
  : null;

/** Runs a prepared statement; without a database there is nothing to do. */
async function run(sql, values) {
  if (!pool) return [];
  const [rows] = await pool.execute(sql, values);
  return rows;
}

function iceServersFor(userId) {
  const username = `${Math.floor(Date.now() / 1000) + TURN_TTL_SECONDS}:${userId}`;
  const credential = createHmac('sha1', TURN_SECRET).update(username).digest('base64');
  const turn = 'turn:127.0.0.1:3478';
  return [
    { urls: ['stun:127.0.0.1:3478'] },
    { urls: [`${turn}?transport=udp`, `${turn}?transport=tcp`], username, credential },
  ];
}

async function nameOf(userId) {
  if (!pool) return `User ${userId}`;
  const [user] = await run('SELECT first_name, last_name FROM wo_users WHERE user_id = ?', [userId]);
  return user ? `${user.first_name} ${user.last_name}` : `User ${userId}`;
}

/** userId -> the sockets of the user's devices */
const devices = new Map();
/** roomName -> { callerId } */
const calls = new Map();

function emitToUser(userId, event, payload) {
  const sockets = devices.get(Number(userId));
  if (!sockets) return false;
  for (const socket of sockets) socket.emit(event, payload);
  return true;
}

const handlers = {
  'call:register'(socket, { userId }, ack) {
    const id = Number(userId);
    socket.data.userId = id;
    if (!devices.has(id)) devices.set(id, new Set());
    devices.get(id).add(socket);
    ack?.({ ok: true });
  },

  async 'call:initiate'(socket, { fromId, toId, callType, roomName, sdpOffer }) {
    calls.set(roomName, { callerId: fromId });
    socket.join(roomName);
    const fromName = await nameOf(fromId);
    await run('INSERT INTO wo_calls (from_id, to_id, call_type, room_name, sdp_offer) VALUES (?, ?, ?, ?, ?)', [
      fromId,
      toId,
      callType,
      roomName,
      JSON.stringify(sdpOffer),
    ]);
    const incoming = { fromId, fromName, callType, roomName, sdpOffer, iceServers: iceServersFor(toId) };
    if (emitToUser(toId, 'call:incoming', incoming)) return;
    await run("UPDATE wo_calls SET status = 'missed' WHERE room_name = ?", [roomName]);
    socket.emit('call:error', { message: 'Recipient is offline', roomName });
  },

  async 'call:accept'(socket, { roomName, userId, sdpAnswer }) {
    const call = calls.get(roomName);
    socket.join(roomName);
    await run("UPDATE wo_calls SET status = 'connected', accepted_at = NOW(), sdp_answer = ? WHERE room_name = ?", [
      JSON.stringify(sdpAnswer),
      roomName,
    ]);
    if (!call) return;
    const iceServers = iceServersFor(call.callerId);
    emitToUser(call.callerId, 'call:answer', { roomName, userId, sdpAnswer, iceServers });
  },

  // One insert a candidate, waited for before it goes on: what the documents' table and handler ask for.
  async 'ice:candidate'(_socket, { roomName, toUserId, fromUserId, candidate, sdpMLineIndex, sdpMid }) {
    await run(
      'INSERT INTO wo_ice_candidates (room_name, user_id, candidate, sdp_mid, sdp_m_line_index) VALUES (?, ?, ?, ?, ?)',
      [roomName, fromUserId, JSON.stringify(candidate), sdpMid, sdpMLineIndex],
    );
    emitToUser(toUserId, 'ice:candidate', { roomName, fromUserId, candidate, sdpMLineIndex, sdpMid });
  },

  async 'call:end'(socket, { roomName, userId, reason }) {
    calls.delete(roomName);
    await run(
      "UPDATE wo_calls SET status = 'ended', ended_at = NOW(), " +
        'duration = TIMESTAMPDIFF(SECOND, COALESCE(accepted_at, NOW()), NOW()) WHERE room_name = ?',
      [roomName],
    );
    socket.to(roomName).emit('call:ended', { roomName, reason, endedBy: userId });
    io.in(roomName).socketsLeave(roomName);
  },
};

const app = express();
app.use(express.json());
app.get(['/api/health', '/api/health/ready'], (_request, response) => response.json({ status: 'ok', uptime: process.uptime() }));

const server = createServer(app);
const io = new Server(server, { cors: { origin: '*' } });

io.on('connection', (socket) => {
  for (const [event, handle] of Object.entries(handlers)) {
    socket.on(event, async (payload, ack) => {
      try {
        await handle(socket, payload ?? {}, ack);
      } catch (error) {
        socket.emit('call:error', { event, message: error.message, roomName: payload?.roomName });
      }
    });
  }
  socket.on('disconnect', () => {
    const { userId } = socket.data;
    const sockets = devices.get(userId);
    sockets?.delete(socket);
    if (sockets?.size === 0) devices.delete(userId);
  });
});

server.listen(Number(env.PORT), '127.0.0.1', LISTEN_BACKLOG);

process.on('SIGTERM', () => {
  io.close(() => process.exit(0));
  setTimeout(() => process.exit(0), 2_000).unref();
});
