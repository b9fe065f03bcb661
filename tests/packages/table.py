# SPDX-License-Identifier: MIT
"""The services of Debian's packages that are run under nsinit. To add one, add its row."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    name: str         # of the row
    packages: str     # the service's and its client's
    ask: str          # a script that asks the service, as its own client does
    answer: str       # what comes back then, a regular expression
    service: str = ""  # its unit, if that has another name than the row
    setup: str = ""   # a script that configures it once, where the package's own configuration serves nobody
    change: str = ""  # a script before a reload, that has an effect only when the service has reloaded
    changed_ask: str = ""  # what is asked then, if it is something else
    changed: str = ""  # and what the answer is
    options: str = ""  # of nsinit
    others: str = ""  # units that have been started for it, and are stopped behind it
    patience: int = 20  # seconds that the service may take to answer
    quick: bool = False  # part of `make test`

    def __post_init__(self):
        object.__setattr__(self, "service", self.service or self.name)


def tcp(port, text, lines=1):
    """The first lines of what a server on loopback answers, by bash alone."""
    return f"exec 3<>/dev/tcp/127.0.0.1/{port} && printf '{text}' >&3 && timeout 5 head -n {lines} <&3"


DIG = "dig +short +timeout=1 +tries=1 @127.0.0.1"

# start-stop-daemon of a script in /etc/init.d looks at the program of a process of another user: proc(5), /proc/pid/exe.
SCRIPTED = "--cap-add SYS_PTRACE"

ROWS = [
    Row("nginx", "nginx curl", "curl -s http://127.0.0.1/", "Welcome to nginx",
        change="echo 'server { listen 127.0.0.1:81; return 200 changed; }' >/etc/nginx/conf.d/two.conf",
        changed_ask="curl -s http://127.0.0.1:81/", changed="changed", quick=True),
    Row("redis-server", "redis-server", "redis-cli set key value; redis-cli get key", "OK\nvalue"),
    Row("openssh-server", "openssh-server openssh-client", "ssh -o StrictHostKeyChecking=no 127.0.0.1 'echo $((6 * 7))'", "^42$",
        service="ssh",
        setup="mkdir -m 700 /root/.ssh; ssh-keygen -q -N '' -f /root/.ssh/id_ed25519 -t ed25519; "
              "cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys",
        change="printf 'Port 22\\nPort 2222\\n' >/etc/ssh/sshd_config.d/port.conf",
        changed_ask="ssh -p 2222 -o StrictHostKeyChecking=no 127.0.0.1 'echo $((6 * 7))'", changed="42"),
    Row("cron", "cron", "rm -f /tmp/ran; for i in {1..75}; do [ -e /tmp/ran ] && break; sleep 1; done; cat /tmp/ran", "^root$",
        setup="echo '* * * * * id -un >/tmp/ran' | crontab -", patience=90),
    Row("dnsmasq", "dnsmasq bind9-dnsutils", f"{DIG} box.example", "^192.0.2.7$",
        setup="echo address=/box.example/192.0.2.7 >/etc/dnsmasq.d/box", change="echo 192.0.2.8 other.example >>/etc/hosts",
        changed_ask=f"{DIG} other.example", changed="^192.0.2.8$"),
    Row("memcached", "memcached", tcp(11211, "set key 0 0 5\\r\\nvalue\\r\\nget key\\r\\n", 3),
        "STORED\\s+VALUE key 0 5\\s+value", quick=True),
    Row("haproxy", "haproxy curl", "curl -s http://127.0.0.1:8080/", "^hello$",
        setup="printf '%s\\n' 'frontend f' ' mode http' ' bind 127.0.0.1:8080' "
              "' http-request return status 200 content-type text/plain string hello' >>/etc/haproxy/haproxy.cfg",
        change="sed -i s/hello/changed/ /etc/haproxy/haproxy.cfg", changed="^changed$"),
    Row("lighttpd", "lighttpd curl", "curl -s http://127.0.0.1/", "Placeholder page|lighttpd",
        change="echo 'server.port := 81' >/etc/lighttpd/conf-enabled/zz.conf", changed_ask="curl -s http://127.0.0.1:81/",
        changed="Placeholder page|lighttpd"),
    Row("chrony", "chrony", "chronyc -n tracking", "Leap status +: Not synchronised",
        setup="echo 'DAEMON_OPTS=\"-F 1 -x\"' >/etc/default/chrony", options="--cap-add SYS_TIME"),  # -x: it leaves the clock alone
    Row("mosquitto", "mosquitto mosquitto-clients", "mosquitto_pub -r -t topic -m text; mosquitto_sub -t topic -C 1 -W 5", "^text$"),
    Row("unbound", "unbound bind9-dnsutils dns-root-data", f"{DIG} box.example", "^192.0.2.7$",
        setup="printf '%s\\n' server: ' local-data: \"box.example. A 192.0.2.7\"' >/etc/unbound/unbound.conf.d/box.conf",
        change="sed -i s/2.7/2.8/ /etc/unbound/unbound.conf.d/box.conf", changed="^192.0.2.8$"),
    Row("postgresql", "postgresql", "su postgres -c \"psql -Atc 'select 6 * 7'\"", "^42$", service="postgresql@15-main",
        change="echo work_mem=5MB >>/etc/postgresql/15/main/postgresql.conf",
        changed_ask="su postgres -c \"psql -Atc 'show work_mem'\"", changed="^5MB$"),
    Row("rsyslog", "rsyslog", "logger -t box words of a test; sleep 0.2; tail -n 1 /var/log/syslog", "box: words of a test"),
    Row("php-fpm", "php-fpm libfcgi-bin", "cd /tmp; echo '<?php echo 6 * 7;' >answer.php; "
        "REQUEST_METHOD=GET SCRIPT_FILENAME=/tmp/answer.php cgi-fcgi -bind -connect /run/php/php8.2-fpm.sock", "^42$",
        service="php8.2-fpm",
        change="sed -i 's,^listen = .*,listen = 127.0.0.1:9000,' /etc/php/8.2/fpm/pool.d/www.conf",
        changed_ask="REQUEST_METHOD=GET SCRIPT_FILENAME=/tmp/answer.php cgi-fcgi -bind -connect 127.0.0.1:9000", changed="^42$"),
    Row("dbus", "dbus", "dbus-send --system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames",
        "org.freedesktop.DBus", others="dbus.socket"),
    # beside those that were asked for
    Row("apache2", "apache2 curl", "curl -s http://127.0.0.1/", "It works|Debian Default Page",
        change="echo Listen 81 >/etc/apache2/conf-enabled/two.conf", changed_ask="curl -s http://127.0.0.1:81/",
        changed="It works|Debian Default Page"),
    Row("mariadb", "mariadb-server", "mariadb -Ne 'select 6 * 7'", "^42$"),
    Row("bind9", "bind9 bind9-dnsutils", f"{DIG} -x 127.0.0.1", "^localhost.$", service="named"),
    Row("exim4", "exim4-daemon-light", tcp(25, "EHLO box\\r\\nQUIT\\r\\n", 2), "220 .*Exim.*250-", options=SCRIPTED),
    Row("postfix", "postfix", tcp(25, "QUIT\\r\\n"), "220 .*Postfix", service="postfix@-"),
    Row("dovecot", "dovecot-imapd", tcp(143, "a LOGOUT\\r\\n", 2), "OK.*Dovecot.*BYE"),
    Row("squid", "squid curl", "curl -s -x 127.0.0.1:3128 http://127.0.0.1:1/", "squid"),
    Row("tor", "tor", "exec 3<>/dev/tcp/127.0.0.1/9050; printf '\\5\\1\\0' >&3; head -c 2 <&3 | od -An -tx1", "05 00",
        service="tor@default"),
    Row("stubby", "stubby bind9-dnsutils", "dig +timeout=2 +tries=1 @127.0.0.1 example.com", "SERVFAIL|HEADER"),
    Row("ntpsec", "ntpsec ntpsec-ntpdig", "ntpq -c rv", "version=", options="--cap-add SYS_TIME --cap-add SYS_NICE"),
    Row("snmpd", "snmpd snmp", "snmpget -v2c -c public 127.0.0.1 1.3.6.1.2.1.1.5.0", "box"),
    Row("vsftpd", "vsftpd", tcp(21, "QUIT\\r\\n", 2), "220 .*vsFTPd.*221"),
    Row("proftpd", "proftpd-core", tcp(21, "QUIT\\r\\n", 2), "220 ProFTPD.*221"),
    Row("fail2ban", "fail2ban", "fail2ban-client ping", "pong", setup="touch /var/log/auth.log"),
    Row("tinyproxy", "tinyproxy curl", "curl -s -x 127.0.0.1:8888 http://127.0.0.1:1/", "tinyproxy"),
    Row("privoxy", "privoxy curl", "curl -s -x 127.0.0.1:8118 http://config.privoxy.org/", "Privoxy"),
    Row("rpcbind", "rpcbind netbase", "rpcinfo -p 127.0.0.1", "portmapper"),
    Row("samba", "samba smbclient", "smbclient -N -L 127.0.0.1", "IPC\\$", service="smbd"),
    Row("transmission", "transmission-daemon curl", "curl -s http://127.0.0.1:9091/transmission/rpc", "X-Transmission-Session-Id",
        setup="sed -i '/rpc-authentication-required/s/1/0/' /etc/transmission-daemon/settings.json",
        service="transmission-daemon"),
    Row("icecast2", "icecast2 curl", "curl -s http://127.0.0.1:8000/status-json.xsl", "icestats", options=SCRIPTED),
    Row("monit", "monit", "monit status", "Monit|System"),
    Row("cups", "cups cups-client", "lpstat -H -r", "scheduler is running"),
    Row("avahi", "avahi-daemon avahi-utils", "avahi-resolve -n box.local", "box.local", service="avahi-daemon",
        others="dbus.socket dbus avahi-daemon.socket"),
    Row("atd", "at", "rm -f /tmp/ran; echo 'id -un >/tmp/ran' | at now; sleep 1; cat /tmp/ran", "root", service="atd"),
    Row("slapd", "slapd ldap-utils", "ldapsearch -x -H ldap://127.0.0.1 -s base -b '' namingContexts", "namingContexts", options=SCRIPTED),
    Row("redis-sentinel", "redis-sentinel redis-tools", "redis-cli -p 26379 ping", "PONG"),
    Row("lldpd", "lldpd", "lldpcli show configuration", "Global configuration|Configuration"),
    Row("polkit", "polkitd", "pkaction", "org.freedesktop.policykit.exec", others="dbus.socket dbus"),
]
