# Independent computation (Python, cryptography): prints vectors/envelope.json
import hashlib, hmac, json, struct, uuid
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
def hkdf(k, salt, info, n):
    prk = hmac.new(salt, k, hashlib.sha256).digest(); out=b''; t=b''; i=1
    while len(out)<n:
        t=hmac.new(prk,t+info+bytes([i]),hashlib.sha256).digest(); out+=t; i+=1
    return out[:n]
lp=lambda b: struct.pack('>I',len(b))+b
def kid(i):
    try: return uuid.UUID(i).bytes
    except ValueError: return hashlib.sha256(b'custody-key-id-1\0'+i.encode()).digest()[:16]
out=[]
for name,alg,code,kl,i,ver,org,proj,aad,pt in [
 ('an AES-256 envelope with AAD','aes-256-gcm',1,32,'data-1',1,'org-1','project-1',b'invoice 7',b'hello, custody'),
 ('an AES-128 envelope without AAD','aes-128-gcm',2,16,'0190163d-8694-739b-aea5-966c26f8ad91',4294967295,'org-1','project-1',None,b''),
 ('an envelope in a project with letters outside ASCII','aes-256-gcm',1,32,'data-2',2,'Zürich','مشروع',b'',bytes(range(64)))]:
    key=hashlib.sha256(b'key'+name.encode()).digest()[:kl]; salt=hashlib.sha256(b'salt'+name.encode()).digest()
    head=b'LUXE'+bytes([1,code])+kid(i)+struct.pack('>I',ver)
    m=hkdf(key,salt,b'custody-env-1'+head,kl+44)
    prefix=head+salt+m[kl+12:]
    ct=AESGCM(m[:kl]).encrypt(m[kl:kl+12],pt,lp(prefix)+lp(org.encode())+lp(proj.encode())+lp(aad or b''))
    out.append(dict(name=name,key=key.hex(),algorithm=alg,id=i,keyId=kid(i).hex(),version=ver,organisation=org,project=proj,aad=None if aad is None else aad.hex(),salt=salt.hex(),plaintext=pt.hex(),envelope=(prefix+ct).hex()))
print(json.dumps(out,indent=2,ensure_ascii=False))
