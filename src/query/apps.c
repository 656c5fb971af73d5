/* Well-known TCP ports by name, as assigned by IANA or used by everybody. Sorted by port. */
#include "config.h"

#include "query/apps.h"

#include <stddef.h>
#include <strings.h>

static const struct app {
	uint16_t port;
	const char *name;
} apps[] = {
	{1, "tcpmux"}, {7, "echo"}, {9, "discard"}, {11, "systat"}, {13, "daytime"},
	{17, "qotd"}, {19, "chargen"}, {20, "ftp-data"}, {21, "ftp"}, {22, "ssh"},
	{23, "telnet"}, {25, "smtp"}, {37, "time"}, {43, "whois"}, {49, "tacacs"},
	{53, "dns"}, {70, "gopher"}, {79, "finger"}, {80, "http"}, {88, "kerberos"},
	{102, "iso-tsap"}, {104, "dicom"}, {109, "pop2"}, {110, "pop3"}, {111, "sunrpc"},
	{113, "ident"}, {119, "nntp"}, {135, "msrpc"}, {139, "netbios-ssn"},
	{143, "imap"}, {170, "print-srv"}, {177, "xdmcp"}, {179, "bgp"}, {194, "irc"},
	{199, "smux"}, {201, "at-rtmp"}, {209, "qmtp"}, {213, "ipx"}, {220, "imap3"},
	{264, "bgmp"}, {280, "http-mgmt"}, {311, "macos-admin"}, {318, "pkix-ts"},
	{350, "matip-a"}, {366, "odmr"}, {369, "rpc2portmap"}, {370, "codaauth2"},
	{371, "clearcase"}, {383, "hp-alarm"}, {384, "arns"}, {387, "aurp"},
	{389, "ldap"}, {401, "ups"}, {407, "timbuktu"}, {427, "svrloc"}, {433, "nnsp"},
	{434, "mobileip"}, {443, "https"}, {444, "snpp"}, {445, "smb"}, {464, "kpasswd"},
	{465, "smtps"}, {475, "tcpnethaspsrv"}, {497, "retrospect"}, {502, "modbus"},
	{504, "citadel"}, {510, "fcp"}, {512, "rexec"}, {513, "rlogin"}, {514, "rsh"},
	{515, "printer"}, {520, "efs"}, {524, "ncp"}, {530, "courier"}, {532, "netnews"},
	{540, "uucp"}, {543, "klogin"}, {544, "kshell"}, {548, "afp"}, {554, "rtsp"},
	{556, "remotefs"}, {563, "nntps"}, {587, "submission"}, {591, "filemaker"},
	{593, "rpc-http"}, {601, "syslog-conn"}, {623, "asf-rmcp"}, {631, "ipp"},
	{636, "ldaps"}, {639, "msdp"}, {641, "repcmd"}, {646, "ldp"},
	{647, "dhcp-failover"}, {648, "rrp"}, {652, "dtcp"}, {654, "aodv"},
	{655, "tinc"}, {657, "rmc"}, {660, "mac-srvr-admin"}, {674, "acap"},
	{688, "realm-rusd"}, {690, "vatp"}, {691, "msexch-routing"}, {694, "ha-cluster"},
	{700, "epp"}, {701, "lmp"}, {702, "iris-beep"}, {706, "silc"}, {711, "tdp"},
	{749, "kerberos-adm"}, {750, "kerberos-iv"}, {753, "rrh"}, {754, "krb-prop"},
	{760, "krbupdate"}, {782, "conserver"}, {783, "spamassassin"},
	{808, "cwmp-proxy"}, {829, "cmp"}, {830, "netconf-ssh"}, {831, "netconf-beep"},
	{832, "netconf-soap"}, {843, "flash-policy"}, {847, "dhcp-failover2"},
	{848, "gdoi"}, {853, "dns-tls"}, {860, "iscsi-target"}, {861, "owamp"},
	{862, "twamp"}, {873, "rsync"}, {888, "accessbuilder"}, {898, "smc-http"},
	{900, "omginitialrefs"}, {902, "vmware-auth"}, {903, "vmware-console"},
	{953, "rndc"}, {981, "fw1-remote"}, {987, "sbs-sharepoint"}, {989, "ftps-data"},
	{990, "ftps"}, {991, "nas"}, {992, "telnets"}, {993, "imaps"}, {994, "ircs"},
	{995, "pop3s"}, {1010, "surf"}, {1080, "socks"}, {1085, "webobjects"},
	{1098, "rmiactivation"}, {1099, "rmiregistry"}, {1109, "kpop"},
	{1167, "cisco-ipsla"}, {1177, "dkmessenger"}, {1194, "openvpn"}, {1214, "kazaa"},
	{1220, "qt-serveradmin"}, {1241, "nessus"}, {1293, "ipsec-ike"},
	{1311, "dell-openmanage"}, {1337, "waste"}, {1352, "lotus-notes"},
	{1414, "ibm-mq"}, {1417, "timbuktu-srv1"}, {1431, "rgtp"}, {1433, "mssql"},
	{1434, "mssql-monitor"}, {1494, "citrix-ica"}, {1503, "t120"}, {1512, "wins"},
	{1521, "oracle"}, {1524, "ingreslock"}, {1526, "oracle-alt"}, {1527, "derby"},
	{1533, "sametime"}, {1547, "laplink"}, {1581, "mil-2045"}, {1589, "vqp"},
	{1604, "citrix-browser"}, {1626, "shockwave"}, {1666, "perforce"},
	{1677, "groupwise"}, {1688, "kms"}, {1716, "xmsg"}, {1719, "h323-gatestat"},
	{1720, "h323"}, {1723, "pptp"}, {1755, "wms"}, {1761, "landesk-rc"},
	{1801, "msmq"}, {1863, "msnp"}, {1880, "node-red"}, {1883, "mqtt"},
	{1935, "rtmp"}, {1967, "sns-quote"}, {1970, "netop"}, {1984, "bigbrother"},
	{1998, "x25-svc"}, {2000, "cisco-sccp"}, {2049, "nfs"}, {2080, "autodesk-nlm"},
	{2082, "cpanel"}, {2083, "cpanels"}, {2086, "whm"}, {2087, "whms"},
	{2095, "webmail"}, {2096, "webmails"}, {2101, "rtcm-sc104"},
	{2102, "zephyr-srv"}, {2105, "eklogin"}, {2121, "ftp-alt"}, {2181, "zookeeper"},
	{2195, "apns"}, {2196, "apns-feedback"}, {2222, "ssh-alt"},
	{2223, "rockwell-csp2"}, {2368, "opentable"}, {2375, "docker"},
	{2376, "docker-tls"}, {2377, "docker-swarm"}, {2379, "etcd"},
	{2380, "etcd-peer"}, {2401, "cvspserver"}, {2404, "iec-104"}, {2424, "orientdb"},
	{2427, "mgcp-gateway"}, {2447, "ovwdb"}, {2483, "oracle-tcp"},
	{2484, "oracle-tcps"}, {2500, "rtsserv"}, {2524, "optiwave"}, {2525, "smtp-alt"},
	{2540, "lonworks"}, {2543, "sip-old"}, {2598, "citrix-cgp"}, {2604, "ospfd"},
	{2605, "bgpd"}, {2628, "dict"}, {2638, "sybase"}, {2710, "bittorrent-tracker"},
	{2727, "mgcp-callagent"}, {2775, "smpp"}, {2809, "corbaloc"}, {2811, "gsiftp"},
	{2869, "upnp-event"}, {2944, "megaco"}, {2945, "h248-binary"}, {2947, "gpsd"},
	{2948, "wap-push"}, {2967, "ssc-agent"}, {2986, "stonefalls"},
	{3000, "http-dev"}, {3025, "slnp"}, {3050, "firebird"}, {3052, "apcupsd"},
	{3100, "loki"}, {3128, "squid"}, {3205, "isns"}, {3225, "fcip"}, {3240, "usbip"},
	{3260, "iscsi"}, {3268, "ldap-gc"}, {3269, "ldaps-gc"}, {3283, "apple-remote"},
	{3299, "saprouter"}, {3306, "mysql"}, {3310, "clamd"}, {3343, "ms-cluster"},
	{3386, "gtp-prime"}, {3388, "cbserver"}, {3389, "rdp"}, {3396, "novell-ndps"},
	{3412, "xmlblaster"}, {3455, "rsvp-port"}, {3478, "stun"}, {3493, "nut"},
	{3527, "veritas-backup"}, {3551, "apcupsd-nis"}, {3600, "sap-msg"},
	{3632, "distcc"}, {3659, "apple-sasl"}, {3689, "daap"}, {3690, "svn"},
	{3702, "ws-discovery"}, {3724, "blizwow"}, {3868, "diameter"},
	{3872, "oem-agent"}, {3880, "igrs"}, {3900, "unidata"}, {3945, "emcads"},
	{4000, "icq"}, {4040, "spark-ui"}, {4045, "nfs-lockd"}, {4070, "tripe"},
	{4100, "igo-incognito"}, {4190, "sieve"}, {4222, "nats"}, {4224, "xtell"},
	{4242, "crestron"}, {4317, "otlp-grpc"}, {4318, "otlp-http"}, {4321, "rwhois"},
	{4333, "msql"}, {4343, "unicall"}, {4369, "epmd"}, {4443, "https-alt2"},
	{4444, "krb524"}, {4505, "salt-pub"}, {4506, "salt-req"}, {4567, "galera"},
	{4569, "iax"}, {4646, "nomad"}, {4647, "nomad-rpc"}, {4648, "nomad-serf"},
	{4662, "edonkey"}, {4711, "trinity"}, {4713, "pulseaudio"}, {4739, "ipfix"},
	{4740, "ipfixs"}, {4786, "cisco-smi"}, {4840, "opcua"}, {4843, "opcuas"},
	{4848, "glassfish-admin"}, {4899, "radmin"}, {4949, "munin"}, {5000, "upnp"},
	{5001, "iperf"}, {5009, "airport-admin"}, {5037, "adb"}, {5038, "asterisk-ami"},
	{5040, "rpc-dce"}, {5050, "mmcc"}, {5051, "ida-agent"}, {5060, "sip"},
	{5061, "sips"}, {5080, "onscreen"}, {5101, "talarian"}, {5140, "fluent-syslog"},
	{5190, "aol"}, {5201, "iperf3"}, {5222, "xmpp-client"}, {5223, "xmpp-tls"},
	{5246, "capwap"}, {5269, "xmpp-server"}, {5280, "xmpp-bosh"}, {5298, "presence"},
	{5357, "wsdapi"}, {5358, "wsdapis"}, {5403, "hpoms"}, {5405, "corosync"},
	{5432, "postgresql"}, {5433, "postgresql-alt"}, {5500, "vnc-server"},
	{5555, "personal-agent"}, {5556, "freeciv"}, {5601, "kibana"},
	{5631, "pcanywhere"}, {5632, "pcanywhere-st"}, {5666, "nrpe"}, {5667, "nsca"},
	{5671, "amqps"}, {5672, "amqp"}, {5693, "rbsysd"}, {5722, "dfsr"},
	{5723, "scom"}, {5800, "vnc-http"}, {5858, "node-debug"}, {5900, "vnc"},
	{5901, "vnc-1"}, {5902, "vnc-2"}, {5938, "teamviewer"}, {5984, "couchdb"},
	{5985, "winrm"}, {5986, "winrms"}, {6000, "x11"}, {6001, "x11-1"},
	{6009, "x11-9"}, {6010, "x11-ssh"}, {6033, "proxysql"}, {6060, "pprof"},
	{6080, "novnc"}, {6082, "varnish-admin"}, {6112, "dtspcd"}, {6123, "flink"},
	{6160, "veeam"}, {6346, "gnutella"}, {6347, "gnutella-rtr"}, {6379, "redis"},
	{6380, "redis-tls"}, {6432, "pgbouncer"}, {6443, "kube-api"},
	{6481, "servicetags"}, {6502, "netop-rc"}, {6513, "netconf-tls"},
	{6514, "syslog-tls"}, {6543, "mythtv"}, {6556, "checkmk"}, {6566, "sane"},
	{6600, "mpd"}, {6601, "mpd-alt"}, {6633, "openflow-old"}, {6640, "ovsdb"},
	{6653, "openflow"}, {6660, "irc-0"}, {6665, "irc-5"}, {6666, "irc-6"},
	{6667, "ircd"}, {6668, "irc-8"}, {6669, "irc-9"}, {6679, "osaut"},
	{6697, "ircs-u"}, {6699, "napster"}, {6789, "ceph-mon"}, {6800, "ceph-osd"},
	{6881, "bittorrent"}, {6969, "bt-tracker"}, {7000, "cassandra"},
	{7001, "weblogic"}, {7002, "weblogic-ssl"}, {7070, "realserver"},
	{7077, "spark"}, {7100, "xfs"}, {7180, "cloudera"}, {7199, "cassandra-jmx"},
	{7400, "rtps"}, {7443, "oracleas-https"}, {7474, "neo4j"}, {7547, "cwmp"},
	{7680, "delivery-opt"}, {7687, "bolt"}, {7777, "oracle-http"},
	{7946, "swarm-gossip"}, {8000, "http-alt"}, {8001, "vcom-tunnel"},
	{8002, "teradata"}, {8005, "tomcat-stop"}, {8008, "http-alt2"}, {8009, "ajp"},
	{8010, "xmpp-file"}, {8020, "hdfs"}, {8025, "mailhog"}, {8030, "yarn-sched"},
	{8032, "yarn"}, {8042, "yarn-node"}, {8065, "mattermost"}, {8069, "odoo"},
	{8080, "http-proxy"}, {8081, "http-proxy2"}, {8083, "kafka-connect"},
	{8086, "influxdb"}, {8087, "riak"}, {8088, "radan-http"}, {8089, "splunkd"},
	{8090, "confluence"}, {8091, "couchbase"}, {8098, "riak-http"}, {8112, "deluge"},
	{8118, "privoxy"}, {8123, "clickhouse"}, {8140, "puppet"},
	{8161, "activemq-web"}, {8172, "webdeploy"}, {8181, "karaf"}, {8200, "vault"},
	{8201, "vault-cluster"}, {8243, "wso2"}, {8291, "winbox"}, {8300, "consul-rpc"},
	{8301, "consul-lan"}, {8302, "consul-wan"}, {8332, "bitcoin-rpc"},
	{8333, "bitcoin"}, {8384, "syncthing-web"}, {8388, "shadowsocks"},
	{8443, "https-alt"}, {8500, "consul"}, {8501, "consul-tls"}, {8530, "wsus"},
	{8531, "wsus-tls"}, {8554, "rtsp-alt"}, {8600, "consul-dns"}, {8649, "ganglia"},
	{8728, "routeros-api"}, {8729, "routeros-apis"}, {8761, "eureka"},
	{8765, "ultraseek"}, {8787, "msgsrvr"}, {8834, "nessus-web"}, {8880, "cddbp"},
	{8883, "mqtts"}, {8888, "http-alt3"}, {8983, "solr"}, {9000, "cslistener"},
	{9001, "tor-orport"}, {9009, "pichat"}, {9030, "tor-dir"}, {9042, "cql"},
	{9050, "tor-socks"}, {9051, "tor-control"}, {9060, "websphere"}, {9080, "glrpc"},
	{9083, "hive-metastore"}, {9090, "prometheus"}, {9091, "pushgateway"},
	{9092, "kafka"}, {9093, "alertmanager"}, {9094, "kafka-tls"},
	{9100, "jetdirect"}, {9101, "bacula-dir"}, {9102, "bacula-fd"},
	{9103, "bacula-sd"}, {9104, "mysqld-exporter"}, {9115, "blackbox-exporter"},
	{9160, "thrift"}, {9187, "postgres-exporter"}, {9200, "elasticsearch"},
	{9256, "bacnet-sc"}, {9292, "glance"}, {9300, "elastic-peer"}, {9312, "sphinx"},
	{9389, "adws"}, {9390, "openvas"}, {9411, "zipkin"}, {9418, "git"},
	{9443, "tungsten-https"}, {9535, "management"}, {9600, "micromuse"},
	{9696, "neutron"}, {9800, "webdav-src"}, {9870, "hdfs-web"},
	{9876, "session-director"}, {9898, "monkeycom"}, {9993, "zerotier"},
	{9997, "splunk-fwd"}, {9999, "distinct"}, {10000, "ndmp"},
	{10050, "zabbix-agent"}, {10051, "zabbix-trapper"}, {10161, "snmp-tls"},
	{10248, "kubelet-health"}, {10250, "kubelet"}, {10255, "kubelet-ro"},
	{10256, "kube-proxy"}, {10257, "kube-controller"}, {10259, "kube-scheduler"},
	{11111, "vce"}, {11112, "dicom-alt"}, {11211, "memcached"},
	{11214, "memcached-tls"}, {11371, "hkp"}, {11434, "ollama"}, {12345, "italk"},
	{12489, "nsclient"}, {13720, "netbackup"}, {13724, "vnetd"}, {13782, "bpcd"},
	{14265, "iota"}, {15672, "rabbitmq-web"}, {15692, "rabbitmq-prom"},
	{16010, "hbase-master"}, {16020, "hbase-region"}, {16379, "redis-bus"},
	{16509, "libvirt"}, {16514, "libvirt-tls"}, {17500, "dropbox-lan"},
	{18080, "spark-history"}, {18332, "bitcoin-test-rpc"}, {18333, "bitcoin-test"},
	{19999, "netdata"}, {20000, "dnp3"}, {20048, "mountd"}, {22000, "syncthing"},
	{22273, "wnn6"}, {23399, "skype"}, {24007, "glusterd"}, {24224, "fluentd"},
	{24800, "synergy"}, {25565, "minecraft"}, {25672, "rabbitmq-dist"},
	{26257, "cockroachdb"}, {26379, "redis-sentinel"}, {27015, "steam"},
	{27017, "mongodb"}, {27018, "mongodb-shard"}, {27019, "mongodb-conf"},
	{27036, "steam-stream"}, {28015, "rethinkdb"}, {28017, "mongodb-web"},
	{28080, "thor"}, {30303, "ethereum"}, {32400, "plex"}, {33060, "mysqlx"},
	{34964, "profinet-cm"}, {35357, "keystone-admin"}, {36330, "folding"},
	{37777, "dahua"}, {44818, "ethernet-ip"}, {47001, "winrm-http"},
	{47808, "bacnet"}, {50000, "db2"}, {50051, "grpc"}, {50070, "hdfs-namenode"},
	{51413, "transmission"}, {55443, "yeelight"}, {61616, "activemq"},
	{62078, "iphone-sync"}, {64738, "mumble"},
};

const char *app_name(uint16_t port)
{
	size_t low = 0, high = sizeof(apps) / sizeof(*apps);

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (apps[mid].port == port)
			return apps[mid].name;
		if (apps[mid].port < port)
			low = mid + 1;
		else
			high = mid;
	}
	return "";
}

bool app_port(const char *name, uint16_t *port)
{
	size_t i;

	for (i = 0; i < sizeof(apps) / sizeof(*apps); i++)
		if (!strcasecmp(apps[i].name, name)) {
			*port = apps[i].port;
			return true;
		}
	return false;
}
